import type { Row } from "../core/value.ts";
import { argumentText } from "./template.ts";

/**
 * The environment variables that tell a program its params: `STET_PARAM_ALPHA` for `alpha`, each upper
 * case, with `_` for what is no letter A-Z, digit or `_`; and `STET_ID`. Of names that become the same
 * the last counts.
 */
export function paramEnvironment(params: Row, id: string): Record<string, string> {
  const environment: Record<string, string> = { STET_ID: id };
  for (const [name, value] of Object.entries(params)) {
    environment[`STET_PARAM_${name.toUpperCase().replace(/[^A-Z0-9_]/g, "_")}`] = argumentText(
      value,
    );
  }
  return environment;
}
