import { messageOf } from "../core/errors.ts";
import { nearestName } from "../core/values/nearest_name.ts";

/** Explanation of an error of DuckDB. */
export interface Explanation {
  readonly message: string;
  /** True if a table, column or field is missing. */
  readonly isMissing: boolean;
}

const FIELD = "result.";

/**
 * Explains an error of DuckDB about a statement: its message with the place, and the nearest name where one
 * is missing.
 *
 * @param columns The columns of the store.
 */
export function explained(error: unknown, columns: readonly string[]): Explanation {
  const message = messageOf(error)
    .replace(/^Failed to extract statements: /, "")
    .replace(/\n\n?(?:Candidate (?:bindings|tables)|Candidate Entries|Did you mean)[^\n]*/, "");
  const hint = hintFor(message, columns);
  const isMissing = hint !== undefined;
  const isDenied = /file system operations are disabled/.test(message);
  const advice = hint ??
    (isDenied ? "Files can be read with the option allowFiles (--allow-files)." : undefined);
  const text = `Cannot run the SQL: ${message}`;
  return { message: advice === undefined ? text : `${text}\n${advice}`, isMissing };
}

function hintFor(message: string, columns: readonly string[]): string | undefined {
  if (/Table with name .* does not exist/.test(message)) return "The store is the table runs.";
  const [, field] = /Could not find key "(.*?)" in struct/.exec(message) ?? [];
  if (field !== undefined) {
    const fields = columns.filter((name) => name.startsWith(FIELD)).map((name) => name.slice(7));
    return suggestion(field, fields, "fields of result are");
  }
  const [, column = undefined] =
    /(?:column|table) "(.*?)" not found|have a column named "(.*?)"/.exec(message)
      ?.filter((part) => part !== undefined) ?? [];
  if (column === undefined) return undefined;
  const names = columns.filter((name) => !name.startsWith(FIELD));
  if (names.length < columns.length && !names.includes("result")) names.push("result");
  return suggestion(column, names, "columns of runs are");
}

function suggestion(name: string, names: readonly string[], what: string): string {
  const nearest = nearestName(name, names);
  return nearest === undefined ? `The ${what} ${names.join(", ")}.` : `Did you mean ${nearest}?`;
}
