import { argumentText } from "../core/values/argument_text.ts";
import type { Row } from "../core/values/value.ts";
import type { Place } from "./template.ts";

/**
 * Returns the environment variables that hold a program's params: `STET_PARAM_ALPHA` for `alpha`, each upper
 * case, with `_` for what is no letter A-Z, digit or `_`; `STET_ID`, and `STET_SLOT`.
 *
 * @throws {TypeError} If two params have the same variable, or a value holds what no variable can.
 */
export function paramEnvironment(params: Row, { id, slot }: Place): Record<string, string> {
  const environment: Record<string, string> = { STET_ID: id, STET_SLOT: String(slot) };
  const names = new Map<string, string>();
  for (const [name, value] of Object.entries(params)) {
    const variable = `STET_PARAM_${name.toUpperCase().replace(/[^A-Z0-9_]/g, "_")}`;
    const other = names.get(variable);
    if (other !== undefined) {
      throw new TypeError(
        `Cannot pass the params "${other}" and "${name}" to a program: the environment variable ` +
          `${variable} is that of both; rename one`,
      );
    }
    names.set(variable, name);
    environment[variable] = argumentText(value);
    if (!environment[variable].includes("\0")) continue;
    throw new TypeError(
      `Cannot pass the param "${name}" to a program: its value holds a NUL character, and no ` +
        `environment variable can`,
    );
  }
  return environment;
}
