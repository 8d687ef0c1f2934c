/** Returns 16 random hex digits. */
export function newId(): string {
  const [half, other] = crypto.getRandomValues(new Uint32Array(2)); // quicker to load than node:crypto
  return half!.toString(16).padStart(8, "0") + other!.toString(16).padStart(8, "0");
}
