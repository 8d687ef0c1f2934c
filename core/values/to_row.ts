import { checkColumn } from "./columns.ts";
import { type Row, toValue } from "./value.ts";

/**
 * Returns a copy of a row in the form in which every kind of store keeps it, without entries that are
 * undefined. Every recorded row passes through here before anything changes: no store writes a row that it
 * would not read back.
 *
 * @param path What errors call it.
 * @throws {TypeError} If a value or the name of a column cannot be kept; names it.
 * @throws {RangeError} If a value is nested too deeply, or an integer has too many digits.
 */
export function toRow(input: Readonly<Record<string, unknown>>, path = "row"): Row {
  const row = toValue(input, path) as Row;
  for (const name of Object.keys(row)) checkColumn(name);
  return row;
}
