import { nearestName } from "../values/nearest_name.ts";
import { pythonDate, pythonTime } from "../values/python_time.ts";
import { checkColumnName, isOfType } from "./record_columns.ts";
import { isReservedParam } from "../values/record_names.ts";
import type { TableColumns, TableType } from "../contract/records_backend.ts";
import { isPlainObject, type Row, setEntry, toValue, type Value } from "../values/value.ts";

/**
 * The params of one run as a row, without what is reserved.
 *
 * @param columns The columns that they must fit; undefined: any.
 * @param isPartial Whether columns may be left out.
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
    const type = columns && Object.hasOwn(columns, name) ? columns[name] : undefined;
    if (columns && type === undefined) throw extraParam(name, Object.keys(columns));
    if (type === undefined) checkColumnName(name);
    else checkType(name, value, type);
    setEntry(row, name, type === undefined ? value : keptValue(value, type));
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

/** A value as its column gives it back. */
function keptValue(value: Value, type: TableType): Value {
  if (typeof value === "bigint" && Number.isSafeInteger(Number(value))) return Number(value);
  if (typeof value !== "string") return value;
  if (/^date/.test(type)) return pythonDate(value)!;
  return /^time/.test(type) ? pythonTime(value)! : value;
}

function extraParam(name: string, columns: readonly string[]): TypeError {
  const nearest = nearestName(name, columns);
  return new TypeError(
    `Cannot use "${name}" as a param: the columns are ${columns.join(", ") || "none"}; ` +
      (nearest === undefined ? "leave it out or declare it" : `did you mean "${nearest}"?`),
  );
}
