import { pythonRepr } from "./python_repr.ts";
import type { Row, Value } from "./value.ts";

/** The longest text of a value in a message, in characters. */
const MAX_LENGTH = 60;

/** Returns a value as messages show it, as Python's `repr` spells it; long ones are cut. */
export function valueText(value: Value): string {
  const text = pythonRepr(value);
  if (text.length <= MAX_LENGTH) return text;
  const end = typeof value === "string" ? text.at(-1)! : "";
  return `${text.slice(0, MAX_LENGTH - 4)}…${end}`;
}

/** Returns params as messages show them: `alpha=0.1, model='a'`. */
export function paramsText(params: Row): string {
  const given = Object.entries(params).filter(([, value]) => value !== undefined);
  return given.map(([name, value]) => `${name}=${valueText(value)}`).join(", ");
}
