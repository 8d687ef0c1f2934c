/** Bytes of a columnar file cannot be as they are. The message says which. */
export class DamageError extends Error {
  override name = "DamageError";
}
