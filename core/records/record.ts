import { StoreError } from "../errors.ts";
import { isOfType } from "./record_columns.ts";
import { isParamColumn } from "../values/record_names.ts";
import type { TableColumns } from "../contract/records_backend.ts";
import type { StoreRecord } from "./store_types.ts";
import { isPlainObject, type Row, setEntry, type Value } from "../values/value.ts";

/** Returns the params of a record's row. */
export function paramsOfRow(row: Row): Row {
  const params: Row = {};
  for (const [name, value] of Object.entries(row)) {
    if (isParamColumn(name)) setEntry(params, name, value);
  }
  return params;
}

/**
 * Returns the record in a row.
 *
 * @param columns The columns that were declared or that the table has. Undefined: any.
 * @throws {StoreError} If there is none: another program wrote or changed the row.
 */
export function recordOfRow(
  row: Row,
  columns: TableColumns | undefined,
  location: string,
): StoreRecord {
  const { id, result_file: resultFile, created_at: createdAt, custom_data: customData = {} } = row;
  const wrong = (name: string, expected: string): StoreError =>
    new StoreError(
      `Cannot read record ${String(id)} of "${location}": its ${name} is ` +
        `${name in row ? JSON.stringify(String(row[name])) : "missing"}, expected ${expected}; ` +
        `mend it, or delete the record`,
    );
  if (typeof id !== "string") throw wrong("id", "a text");
  if (typeof resultFile !== "string") throw wrong("result_file", "a path");
  const time = new Date(typeof createdAt === "string" ? createdAt : NaN);
  if (Number.isNaN(time.getTime())) throw wrong("created_at", "a time in ISO 8601");
  if (!isPlainObject(customData)) throw wrong("custom_data", "a JSON object");

  const record: { [name: string]: unknown } = { id };
  if (columns) {
    for (const [name, type] of Object.entries(columns)) {
      let value: Value = Object.hasOwn(row, name) ? row[name]! : null;
      if (/^real/.test(type) && typeof value === "bigint") value = Number(value);
      if (!isOfType(value, type)) throw wrong(name, `"${type}", the type of its column`);
      setEntry(record, name, value);
    }
  } else {
    for (const [name, value] of Object.entries(paramsOfRow(row))) setEntry(record, name, value);
  }
  return Object.assign(record, { resultFile, createdAt: time, customData }) as StoreRecord;
}
