import { isPlainObject, setEntry, type Value } from "../../core/values/value.ts";

/** Name of the only entry of an object that encodes what JSON lacks. */
const TAG = "$stet";

/**
 * Returns an item of a sweep's params as a value that JSON can hold: plain data, dates and `undefined`.
 *
 * @param path Name of the item in errors.
 * @throws {TypeError} If a part of it cannot be sent to a worker; names the part.
 */
export function encodeItem(item: unknown, path: string): Value {
  return encode(item, path, new Set());
}

function encode(x: unknown, path: string, outer: Set<object>): Value {
  switch (typeof x) {
    case "string":
    case "number":
    case "boolean":
    case "bigint":
      return x;
    case "undefined":
      return { [TAG]: "undefined" };
    case "object":
      if (x === null) return null;
      break;
    default:
      throw cannotSend(path, `a ${typeof x}`);
  }
  if (x instanceof Date) return { [TAG]: x.getTime() };
  if (outer.has(x)) throw cannotSend(path, "an object that contains itself");
  outer.add(x);
  try {
    if (Array.isArray(x)) return x.map((part, i) => encode(part, `${path}[${i}]`, outer));
    if (!isPlainObject(x)) {
      const name: unknown = (x as { constructor?: { name?: unknown } }).constructor?.name;
      throw cannotSend(path, `an instance of ${name || "a class"}`);
    }
    const entries: { [name: string]: Value } = {};
    for (const [name, part] of Object.entries(x)) {
      setEntry(entries, name, encode(part, `${path}.${name}`, outer));
    }
    return TAG in entries ? { [TAG]: [entries] } : entries;
  } finally {
    outer.delete(x);
  }
}

/** Returns the item that a value encodes. */
export function decodeItem(value: Value): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(decodeItem);
  const entries = value as Readonly<Record<string, Value>>;
  if (Object.hasOwn(entries, TAG)) {
    const tagged = entries[TAG];
    if (tagged === "undefined") return undefined;
    if (typeof tagged === "number") return new Date(tagged);
    return decodeEntries((tagged as readonly Value[])[0] as Readonly<Record<string, Value>>);
  }
  return decodeEntries(entries);
}

function decodeEntries(entries: Readonly<Record<string, Value>>): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(entries)) setEntry(object, name, decodeItem(part));
  return object;
}

function cannotSend(path: string, what: string): TypeError {
  return new TypeError(
    `Cannot send ${path} to a worker of a cluster: it is ${what}; send plain data, and make the rest in ` +
      "the function",
  );
}
