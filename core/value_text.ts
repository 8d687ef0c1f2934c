import { writeCell } from "./cell.ts";
import type { Row, Value } from "./value.ts";

/** A value as messages show it: strings in single quotes, long ones cut. */
export function valueText(value: Value): string {
  const text = typeof value === "string" ? `'${value}'` : writeCell(value);
  return text.length > 60 ? `${text.slice(0, 56)}…${typeof value === "string" ? "'" : ""}` : text;
}

/** Params as messages show them: `alpha=0.1, model='a'`. */
export function paramsText(params: Row): string {
  return Object.entries(params).map(([name, value]) => `${name}=${valueText(value)}`).join(", ");
}
