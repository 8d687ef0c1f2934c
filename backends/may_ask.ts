interface DenoPermissions {
  querySync(descriptor: { name: "sys"; kind: string }): { state: "granted" | "prompt" | "denied" };
}

/** Whether the system may be asked for something without Deno's asking the user: always elsewhere. */
export function mayAsk(kind: "hostname" | "statfs"): boolean {
  const { Deno } = globalThis as { Deno?: { permissions: DenoPermissions } };
  return !Deno || Deno.permissions.querySync({ name: "sys", kind }).state === "granted";
}
