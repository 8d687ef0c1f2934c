import { pythonDate, pythonTime } from "../values/python_time.ts";
import { checkColumnName, isOfType, typeOfColumn } from "./record_columns.ts";
import { isReservedParam } from "../values/record_names.ts";
import type { TableColumns, TableType } from "../contract/records_backend.ts";
import { isPlainObject, type Row, setEntry, toValue, type Value } from "../values/value.ts";

/**
 * Returns the params of one run as a row, without reserved names.
 *
 * @param columns The columns that they must fit. Undefined: any.
 * @param isPartial True if columns may be left out.
 * @throws {TypeError} If they do not fit; names the param.
 */
export function recordParams(
  params: unknown,
  columns: TableColumns | undefined,
  isPartial: boolean,
): Row {
  if (!isPlainObject(params)) {
    const got = params === null ? "null" : typeof params;
    throw new TypeError(`Cannot use ${got} as params: pass a plain object, { name: value, … }`);
  }
  const row: Row = {};
  for (const name of Object.keys(params)) {
    if (isReservedParam(name)) continue;
    const value = toValue(params[name], `params.${name}`);
    if (value === undefined) continue;
    if (columns) {
      const type = typeOfColumn(columns, name, `Cannot use "${name}" as a param`);
      checkType(name, value, type);
      setEntry(row, name, keptValue(value, type));
    } else {
      checkColumnName(name);
      setEntry(row, name, value);
    }
  }
  if (!columns || isPartial) return row;
  for (const [name, type] of Object.entries(columns)) {
    if (type.endsWith("?") || Object.hasOwn(row, name)) continue;
    throw new TypeError(
      `Cannot use params without "${name}": the column is "${type}" and may not be null; give it, ` +
        `or declare it as "${type}?"`,
    );
  }
  return row;
}

function checkType(name: string, value: Value, type: TableType): void {
  if (isOfType(value, type)) return;
  const got = typeof value === "string" ? JSON.stringify(value) : String(value);
  throw new TypeError(`Cannot use ${got} as param "${name}": its column is "${type}"`);
}

/** Returns a value as its column gives it back. */
function keptValue(value: Value, type: TableType): Value {
  if (typeof value === "bigint" && Number.isSafeInteger(Number(value))) return Number(value);
  if (typeof value !== "string") return value;
  if (/^date/.test(type)) return pythonDate(value)!;
  return /^time/.test(type) ? pythonTime(value)! : value;
}
