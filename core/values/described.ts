/** Describes a value for a message, as in `it is …`. */
export function described(x: unknown): string {
  if (typeof x === "string") return `the text ${JSON.stringify(x)}`;
  if (typeof x === "object" && x !== null) {
    if (Symbol.asyncIterator in x) return "an async iterable";
    if (x instanceof Promise) return "a promise";
    return Array.isArray(x) ? "an array" : "an object";
  }
  return typeof x === "function" ? "a function" : typeof x === "bigint" ? `${x}n` : String(x);
}

/** Describes a value for a message, as in `got …`. */
export function shown(x: unknown): string {
  return typeof x === "string" ? JSON.stringify(x) : described(x);
}
