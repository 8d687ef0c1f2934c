import { canonicalJson } from "./json.ts";
import type { Value } from "./value.ts";

/** Kinds of values, in the order in which they are sorted. */
export type ValueKind = 0 | 1 | 2 | 3 | 4;

/** The kind of a value: null, boolean, number (bigints too), text, array or object. */
export function kindOf(value: Value): ValueKind {
  switch (typeof value) {
    case "boolean":
      return 1;
    case "number":
    case "bigint":
      return 2;
    case "string":
      return 3;
    default:
      return value === null ? 0 : 4;
  }
}

/**
 * Compares two values, as a comparator of `sort` does: null, then false and true, numbers (NaN last), texts by
 * their UTF-16 units, arrays and objects by their JSON; absent ones last.
 */
export function compareValues(a: Value | undefined, b: Value | undefined): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? 1 : -1;
  const kind = kindOf(a);
  if (kind !== kindOf(b)) return kind - kindOf(b);
  if (kind === 2 && (Number.isNaN(a) || Number.isNaN(b))) {
    return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  }
  if (kind === 4) return compareValues(canonicalJson(a), canonicalJson(b));
  return a! < b! ? -1 : a! > b! ? 1 : 0;
}
