import { type Row, setEntry, type Value } from "../../core/values/value.ts";

/** Returns the row with these values in these columns. */
export function rowOf(names: readonly string[], values: readonly (Value | undefined)[]): Row {
  const row: Row = {};
  for (const [i, name] of names.entries()) {
    const value = values[i];
    if (value !== undefined) setEntry(row, name, value);
  }
  return row;
}
