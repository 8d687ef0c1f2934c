import { entryOf, type Value } from "./value.ts";

/** Maximum difference of two numbers that are one number with noise, relative to the larger. */
const NOISE = 1e-9;

/**
 * Returns true if two values are the same param: numbers up to the noise of floating point (`0.1 + 0.2` and
 * `0.3`; but `1e-13` and `2e-13` differ, although they hash alike), integers exactly, null and absent
 * alike, arrays and objects by what is in them.
 */
export function isSameValue(a: Value | undefined, b: Value | undefined): boolean {
  a ??= null;
  b ??= null;
  if (a === b) return true;
  if (isNumber(a) && isNumber(b)) return isSameNumber(a, b);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [x, y] = [a, b] as { readonly [name: string]: Value }[];
  const names = new Set([...Object.keys(x!), ...Object.keys(y!)]);
  return [...names].every((name) => isSameValue(entryOf(x!, name), entryOf(y!, name)));
}

function isNumber(x: Value): x is number | bigint {
  return typeof x === "number" || typeof x === "bigint";
}

function isSameNumber(a: number | bigint, b: number | bigint): boolean {
  if (typeof a !== typeof b) return Number(a) === Number(b); // 1e18, which SQLite keeps as an integer
  if (typeof a === "bigint" || typeof b === "bigint") return false;
  if (Number.isNaN(a)) return Number.isNaN(b);
  if (Number.isInteger(a) && Number.isInteger(b)) return false;
  return Math.abs(a - b) <= NOISE * Math.max(Math.abs(a), Math.abs(b));
}
