import { canonicalJson } from "../../../core/values/json.ts";
import type { Value } from "../../../core/values/value.ts";

/** A name that conditions have without quotes. */
const BARE = /^[\p{L}_$][\p{L}\p{N}_$.]*$/u;
/** Words of conditions. */
const WORDS = /^(?:and|or|not|in|is|absent|true|false|null|nan|inf)$/i;

/** Returns the condition that a column has a value. */
export function conditionOf(column: string, value: Value | undefined): string {
  const name = quotedName(column);
  if (value === undefined) return `${name} is absent`;
  return value === null ? `${name} is null` : `${name} = ${valueOf(value)}`;
}

/** Returns the condition that another one holds, or that a column is absent. */
export function orAbsent(column: string, condition: string): string {
  return `(${condition} or ${quotedName(column)} is absent)`;
}

/** Returns the condition that all of some conditions are fulfilled. */
export function allOf(conditions: readonly string[]): string {
  return conditions.join(" and ");
}

/** Returns a column's name as conditions spell it. */
export function quotedName(column: string): string {
  return BARE.test(column) && !WORDS.test(column) ? column : `"${column.replaceAll('"', '""')}"`;
}

function valueOf(value: NonNullable<Value>): string {
  switch (typeof value) {
    case "string":
      return `'${value.replaceAll("'", "''")}'`;
    case "number":
      return Number.isNaN(value) ? "nan" : `${value}`.replace("Infinity", "inf");
    case "object":
      return canonicalJson(value);
    default:
      return `${value}`;
  }
}
