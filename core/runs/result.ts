import { isFitName } from "../values/columns.ts";
import { messageOf, ResultError } from "../errors.ts";
import { isPlainObject, type Row, setEntry, toValue, type Value } from "../values/value.ts";

const WHOLE = "result";
const FIELD = "result.";

/**
 * The columns in which a returned value is kept: `result.<name>` for each field of a plain object,
 * `result` for anything else; none for `undefined`.
 *
 * @throws {ResultError} If the value cannot be kept in a store; it carries the value.
 */
export function resultColumns(returned: unknown): Row {
  let value: Value | undefined;
  try {
    value = toValue(returned, WHOLE);
  } catch (error) {
    throw new ResultError(
      `Cannot save what the function returned: ${messageOf(error)}; the run is recorded as done, ` +
        `and the value is in this error's "value"`,
      returned,
      { cause: error },
    );
  }
  if (value === undefined) return {};
  const entries = isPlainObject(value) ? Object.entries(value as Row) : [];
  // An empty object, or one with a name that no column can have, is kept whole.
  if (entries.length === 0 || !entries.every(([name]) => isFitName(FIELD + name))) {
    return { [WHOLE]: value };
  }
  return Object.fromEntries(entries.map(([name, field]) => [FIELD + name, field]));
}

/** The same value in one column, for a store that cannot have a column for each field; it reads back the same. */
export function wholeResult(columns: Row): Row {
  const value = resultOf(columns);
  return value === undefined ? {} : { [WHOLE]: value };
}

/** The value kept in a row, or `undefined` if it keeps none. */
export function resultOf(row: Row): Value | undefined {
  if (row[WHOLE] !== undefined) return row[WHOLE];
  let fields: { [name: string]: Value } | undefined;
  for (const column of Object.keys(row)) {
    if (column.startsWith(FIELD)) setEntry(fields ??= {}, column.slice(FIELD.length), row[column]!);
  }
  return fields;
}
