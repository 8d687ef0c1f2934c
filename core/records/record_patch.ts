import { isOfType, typeOfColumn } from "./record_columns.ts";
import type { TableColumns } from "../contract/records_backend.ts";
import { isPlainObject, type Row, setEntry, toValue } from "../values/value.ts";

/** Columns of a record besides its params, by their names in a patch. */
const OWN: Readonly<Record<string, string>> = {
  resultFile: "result_file",
  result_file: "result_file",
  createdAt: "created_at",
  created_at: "created_at",
  customData: "custom_data",
  custom_data: "custom_data",
};

/**
 * Returns the row of a record after a patch, by the rules of `apply_patch` of Python's entropic: null leaves a
 * column as it is. In custom data it removes an entry, and an empty object removes all.
 *
 * @throws {TypeError} If the patch does not fit.
 */
export function patchedRow(row: Row, patch: unknown, columns: TableColumns | undefined): Row {
  if (!isPlainObject(patch)) throw new TypeError("Cannot patch: the patch must be a plain object");
  const patched: Row = { ...row };
  delete patched["_stet_timestamp"]; // it is recorded now
  for (const name of Object.keys(patch)) {
    const value = toValue(patch[name], `patch.${name}`);
    if (value === undefined) continue;
    const column = Object.hasOwn(OWN, name) ? OWN[name]! : name;
    if (column === "custom_data") {
      setEntry(patched, column, patchedData(row[column], value));
    } else if (value !== null) {
      checkColumn(name, column, value, columns);
      setEntry(patched, column, value);
    }
  }
  return patched;
}

function patchedData(before: unknown, patch: unknown): Row {
  if (!isPlainObject(patch)) {
    throw new TypeError("Cannot patch customData: it must be a plain object; {} removes all of it");
  }
  if (Object.keys(patch).length === 0) return {};
  const data: Row = { ...isPlainObject(before) ? before as Row : {} };
  for (const [name, value] of Object.entries(patch as Row)) {
    if (value === null) delete data[name];
    else setEntry(data, name, value);
  }
  return data;
}

function checkColumn(
  name: string,
  column: string,
  value: Row[string],
  columns: TableColumns | undefined,
): void {
  if (column === "id") throw new TypeError("Cannot patch the id of a record: it says which it is");
  if (column === "result_file" || column === "created_at") {
    const isFit = typeof value === "string" && value !== "" &&
      (column === "result_file" || !Number.isNaN(Date.parse(value)));
    if (isFit) return;
    throw new TypeError(`Cannot patch ${name} to ${JSON.stringify(value)}: it is no such value`);
  }
  if (column.startsWith("_stet_")) {
    throw new TypeError(`Cannot patch "${name}": it is a column of stet's own`);
  }
  if (!columns) return;
  const type = typeOfColumn(columns, column, `Cannot patch "${name}"`);
  if (!isOfType(value, type)) {
    throw new TypeError(`Cannot patch "${name}" to ${String(value)}: its column is "${type}"`);
  }
}
