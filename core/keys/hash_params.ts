import { hash } from "node:crypto";
import { sortedNames } from "../values/json.ts";
import { floatText } from "../values/number_text.ts";
import { isReservedParam } from "../values/record_names.ts";
import { entryPath, isArray, isPlainObject, toValue, type Value } from "../values/value.ts";

/** The type of a column of a `Store`; with `?`, it may be null. */
export type ColumnType = ColumnKind | `${ColumnKind}?`;

/**
 * The type of a value.
 *
 * @internal
 */
type ColumnKind = "integer" | "real" | "text" | "boolean" | "json";

/** Options of {@linkcode hashParams}. */
export interface HashOptions {
  /** Types of columns by name. Numbers of a `"real"` one hash as floats: `5` as Python's `5.0`. */
  readonly columns?: Readonly<Record<string, ColumnType>>;
}

/**
 * Gives the id of params: the first 16 hex digits of a SHA-256 over their normalised JSON.
 *
 * It is the id that Python's entropic (https://pypi.org/project/entropic, `hash_dict` in `hashing.py`)
 * gives, so that stores can be shared: keys sorted recursively by code point, floats rounded to 12
 * decimals (half to even), compact ASCII JSON. JavaScript does not distinguish `1` from `1.0`: a number that
 * is integral before rounding and below 2^53 hashes as an integer, `-0` as `0`, unless its column is
 * declared `"real"`; every other number hashes as a float.
 *
 * The reserved names `result_file`, `created_at` and `custom_data` (and in camelCase) do not count. An
 * explicit `id` is given back as it is.
 *
 * 64 bits can collide, and so do numbers that differ beyond 12 decimals: equal ids do not prove equal
 * params, so compare those as well.
 *
 * @throws {TypeError} When params is no plain object, holds what is no value, or has an `id` that is no
 * string or empty.
 * @throws {RangeError} On values nested deeper than 1000 levels.
 *
 * @example
 * ```ts
 * import { hashParams } from "@stet/stet";
 * import assert from "node:assert/strict";
 *
 * const id = hashParams({ dt: 0.1, n: 100 });
 * assert.match(id, /^[0-9a-f]{16}$/);
 * assert.equal(hashParams({ n: 100, dt: 0.1 }), id);
 * ```
 */
export function hashParams(params: object, options: HashOptions = {}): string {
  if (!isPlainObject(params)) {
    throw new TypeError("Cannot hash params: they are no plain object; pass { name: value, … }");
  }
  if (Object.hasOwn(params, "id") && params.id !== undefined) return explicitId(params.id);
  const names = sortedNames(params).filter((name) => !isReservedParam(name));
  return hashEntries(params, names, options.columns);
}

/** Returns the hash of params without reserved names, such as the params of a `once` function. */
export function hashRow(params: Readonly<Record<string, unknown>>): string {
  return hashEntries(params, sortedNames(params));
}

function hashEntries(
  params: Readonly<Record<string, unknown>>,
  names: readonly string[],
  columns: Readonly<Record<string, ColumnType>> = {},
): string {
  const entries: string[] = [];
  for (const name of names) {
    const value = toValue(params[name], entryPath("params", name));
    if (value === undefined) continue;
    const type = columns[name];
    const json = typeof value === "number" || typeof value === "bigint"
      ? numberJson(value, type === "real" || type === "real?")
      : valueJson(value);
    entries.push(`${asciiJson(name)}:${json}`);
  }
  return hash("sha256", `{${entries.join(",")}}`, "hex").slice(0, 16);
}

function explicitId(id: unknown): string {
  if (typeof id === "string" && id !== "") return id;
  const what = id === "" ? "empty" : `a ${typeof id}`;
  throw new TypeError(
    `Cannot use params.id as an id: it is ${what}, and must be a string that is not empty; leave it ` +
      "out to have it computed",
  );
}

function valueJson(value: Value): string {
  switch (typeof value) {
    case "string":
      return asciiJson(value);
    case "number":
    case "bigint":
      return numberJson(value, false);
    case "boolean":
      return `${value}`;
    default:
      return value === null ? "null" : containerJson(value);
  }
}

function containerJson(value: Value & object): string {
  if (isArray(value)) return `[${value.map(valueJson).join(",")}]`;
  const entries = sortedNames(value).map((name) => `${asciiJson(name)}:${valueJson(value[name]!)}`);
  return `{${entries.join(",")}}`;
}

/** A string as `json.dumps` spells it: all but U+0020 to U+007E is escaped, by UTF-16 units. */
function asciiJson(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function numberJson(x: number | bigint, isReal: boolean): string {
  if (!isReal && (typeof x === "bigint" || Number.isSafeInteger(x))) return `${x}`;
  const number = Number(x);
  return Number.isFinite(number) ? floatText(roundTo12(number)) : `${number}`;
}

/**
 * The float nearest to `x` at 12 decimals, as Python's `round(x, 12)`: of two equally near on the exact
 * binary value, the one whose last decimal is even. `toFixed` decides exactly as well, but takes the
 * larger of two: https://tc39.es/ecma262/#sec-number.prototype.tofixed.
 */
function roundTo12(x: number): number {
  if (Number.isInteger(x)) return x;
  const decimals = x.toFixed(12);
  const last = Number(decimals.at(-1));
  // A tie is an odd number of halves of 10^-12, so of 2^-13 · 5^-12; a double is such a number only
  // if it is an odd number of 2^-13. An odd last digit is at least 1: lowering it borrows nothing.
  const isTie = Math.abs(x * 8192 % 2) === 1;
  return Number(isTie && last % 2 === 1 ? `${decimals.slice(0, -1)}${last - 1}` : decimals);
}
