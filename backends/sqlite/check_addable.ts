import { ColumnError } from "../../core/errors.ts";
import { ROW_NUMBERS } from "./numbered_rows.ts";
import { asciiLower } from "./statements.ts";

/** Maximum number of columns of a table. SQLite's own limit is 2000 in a SELECT; one is the row's number. */
const MAX_COLUMNS = 1999;

/**
 * Checks that a table can have more columns than it has.
 *
 * @throws {ColumnError} If SQLite cannot have them next to the present ones.
 */
export function checkAddable(
  columns: ReadonlyMap<string, unknown>,
  names: Iterable<string>,
  path: string,
): void {
  const refusal = (name: string, state: string): ColumnError =>
    new ColumnError(`Cannot add column "${name}" to "${path}": ${state}`);
  const known = new Map([...columns.keys()].map((name) => [asciiLower(name), name]));
  let first: string | undefined;
  for (const name of names) {
    if (columns.has(name)) continue;
    first ??= name;
    const twin = known.get(asciiLower(name));
    if (twin !== undefined && twin !== name) {
      throw refusal(
        name,
        `it has "${twin}", and SQLite does not tell capitals from small letters in names; rename one, ` +
          `or use a .csv or .json store`,
      );
    }
    known.set(asciiLower(name), name);
  }
  if (first === undefined) return;
  if (known.size > MAX_COLUMNS) {
    throw refusal(
      first,
      `there would be ${known.size} columns, and a table of SQLite has ${MAX_COLUMNS} at most; use a ` +
        `.csv or .json store, or put several values in one object`,
    );
  }
  if (ROW_NUMBERS.every((name) => known.has(name))) {
    throw refusal(
      first,
      `a table of SQLite cannot have ${ROW_NUMBERS.join(", ")} all three; rename one, or use ` +
        `a .csv or .json store`,
    );
  }
  const number = ROW_NUMBERS.map((name) => known.get(name))
    .find((name) => name !== undefined && !columns.has(name));
  if (number !== undefined && columns.size > 0) {
    throw refusal(
      number,
      `SQLite (since 3.54) adds no column with a name that it has for the number of a row; rename it, ` +
        `or use a .csv or .json store`,
    );
  }
}
