import { canonicalJson } from "./json.ts";
import { numberText } from "./number_text.ts";
import type { Value } from "./value.ts";

/** Returns a value as programs take it: numbers as in cells, `true` and `null` as in JSON, arrays as JSON. */
export function argumentText(value: Value): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return numberText(value);
  return typeof value === "object" && value !== null ? canonicalJson(value) : String(value);
}
