import { Buffer } from "node:buffer";
import { canonicalJson, parseJson } from "../../../core/values/json.ts";
import type { Value } from "../../../core/values/value.ts";

/** A value in SQLite; integers are read as bigints. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** The SQL condition that a column has an array or an object. */
export function isJsonSql(column: string): string {
  return `typeof(${column}) = 'blob' AND substr(${column}, 1, 1) = x'34'`;
}

const NULL = Buffer.from("0");
const FALSE = Buffer.from("1f");
const TRUE = Buffer.from("1t");
const NAN = Buffer.from("2");

/**
 * Returns a value as SQLite has it: numbers as numbers, texts as TEXT that SQLite orders by UTF-16 units,
 * as JavaScript does, everything else as a BLOB that begins with its kind. Of a column without an affinity
 * nothing is converted: a float of 1e18 stays one, next to the integer.
 */
export function toSql(value: Value): SqlValue {
  switch (typeof value) {
    case "number":
      return Number.isNaN(value) ? NAN : value;
    case "string":
      return ordered(value);
    case "boolean":
      return value ? TRUE : FALSE;
    case "bigint":
      return BigInt.asIntN(64, value) === value ? value : Buffer.from(`3${value}`);
    default:
      return value === null ? NULL : Buffer.from(`4${ordered(canonicalJson(value))}`);
  }
}

/** Returns the value that {@linkcode toSql} was given. */
export function fromSql(value: Exclude<SqlValue, null>): Value {
  switch (typeof value) {
    case "string":
      return unordered(value);
    case "number":
      return value;
    case "bigint": {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : value;
    }
    default:
      return fromBlob(Buffer.from(value).toString("utf8"));
  }
}

function fromBlob(text: string): Value {
  switch (text[0]) {
    case "0":
      return null;
    case "1":
      return text === "1t";
    case "2":
      return NaN;
    case "3":
      return BigInt(text.slice(1));
    default:
      return parseJson(unordered(text.slice(1)));
  }
}

/** Units that UTF-8 cannot keep in their order, or that end a text on Deno (NUL), and their escape. */
// deno-lint-ignore no-control-regex
const UNFIT = /[\0\x01\ud7ff-\uffff]/g; // without the flag u: units, not characters
// deno-lint-ignore no-control-regex
const ESCAPED = /\x01([\x01\x02])|\ud7ff([^])/g;

/** Escapes each unit from U+D7FF up by two of lower ones that keep the order of units. */
function ordered(text: string): string {
  if (text.search(UNFIT) === -1) return text; // quicker than to replace nothing
  return text.replace(UNFIT, (unit) => {
    const code = unit.charCodeAt(0);
    return code <= 1
      ? `\x01${String.fromCharCode(code + 1)}`
      : `\ud7ff${String.fromCharCode(code - 0xd7ff + 0x100)}`;
  });
}

function unordered(text: string): string {
  return text.replace(
    ESCAPED,
    (_, low?: string, high?: string) =>
      low !== undefined
        ? String.fromCharCode(low.charCodeAt(0) - 1)
        : String.fromCharCode(high!.charCodeAt(0) - 0x100 + 0xd7ff),
  );
}
