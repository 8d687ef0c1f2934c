import { TIMESTAMP } from "../core/values/columns.ts";
import { sqlString } from "./sql_text.ts";

/**
 * Returns the condition in SQL under which a line of a CSV store, read as cells `c0`, `c1` …, is surely a
 * row and no other header.
 */
export function rowCondition(names: readonly string[]): string {
  const time = names.indexOf(TIMESTAMP);
  // Every row has a time, which begins with a digit.
  if (time !== -1) return `c${time} IS NULL OR c${time} >= '0' AND c${time} < ':'`;
  const list = names.map((name) => sqlString(name)).join(", ");
  return [0, 1].map((i) => `c${i} IS NULL OR trim(c${i}) NOT IN (${list})`).join(" OR ");
}
