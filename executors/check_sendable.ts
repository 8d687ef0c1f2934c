import { isPlainObject } from "../core/values/value.ts";

/** Classes that the structured clone copies whole, next to plain objects and arrays. */
const CLONED = [Date, RegExp, Map, Set, ArrayBuffer, Error] as const;

/**
 * Checks that a value reaches another process as it is: primitives, plain objects and arrays, Date,
 * RegExp, Map, Set, Error, buffers and typed arrays. Walks it once and copies nothing.
 *
 * @param path Name of the value in errors, such as `params`; its parts are named from there.
 * @throws {TypeError} If a part of it cannot be sent, or would lose its class; names the part.
 */
export function checkSendable(value: unknown, path: string): void {
  check(value, path, undefined);
}

/** True if a value reaches another process as it is. */
export function isSendable(value: unknown): boolean {
  try {
    checkSendable(value, "it");
    return true;
  } catch {
    return false;
  }
}

function check(value: unknown, path: string, seen: Set<unknown> | undefined): void {
  if (typeof value === "function") throw cannotSend(path, "a function");
  if (typeof value === "symbol") throw cannotSend(path, "a symbol");
  if (typeof value !== "object" || value === null || seen?.has(value)) return;
  if (Array.isArray(value)) {
    const found = (seen ?? new Set()).add(value);
    for (let i = 0; i < value.length; i++) check(value[i], `${path}[${i}]`, found);
  } else if (isPlainObject(value)) {
    let found = seen;
    for (const name of Object.keys(value)) {
      const inner = value[name];
      if (typeof inner === "object" || typeof inner === "function" || typeof inner === "symbol") {
        check(inner, `${path}.${name}`, found ??= new Set().add(value));
      }
    }
  } else if (value instanceof Map || value instanceof Set) {
    const found = (seen ?? new Set()).add(value);
    for (const part of value instanceof Map ? [...value].flat() : value) check(part, path, found);
  } else if (!ArrayBuffer.isView(value) && !CLONED.some((each) => value instanceof each)) {
    const name: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name;
    throw cannotSend(path, `an instance of ${name || "a class"}, which would lose its class`);
  }
}

function cannotSend(path: string, what: string): TypeError {
  return new TypeError(
    `Cannot send ${path} to a worker: it is ${what}; send plain data, and make the rest in the ` +
      "worker's own module",
  );
}
