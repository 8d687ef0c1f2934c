import { isFitName } from "../values/columns.ts";
import { nearestName } from "../values/nearest_name.ts";
import { pythonDate, pythonTime } from "../values/python_time.ts";
import type { TableColumns, TableType } from "../contract/records_backend.ts";
import { isReservedParam } from "../values/record_names.ts";
import type { Value } from "../values/value.ts";

/** @throws {TypeError} If the name of a declared column is reserved or unfit, or its type is none. */
export function checkColumns(columns: Readonly<Record<string, unknown>>): void {
  for (const [name, type] of Object.entries(columns)) {
    checkColumnName(name);
    if (isReservedParam(name)) {
      throw new TypeError(
        `Cannot declare the column "${name}": every record has id, resultFile, createdAt and ` +
          `customData (result_file, created_at, custom_data) of its own; rename it`,
      );
    }
    if (typeof type === "string" && /^(?:integer|real|text|boolean|json)\??$/.test(type)) continue;
    throw new TypeError(
      `Cannot declare the column "${name}" as ${JSON.stringify(type)}: its type must be ` +
        `"integer", "real", "text", "boolean" or "json", with "?" at the end if it may be null`,
    );
  }
}

/**
 * Returns the type of a column.
 *
 * @param doing Begins the error: `Cannot patch`.
 * @throws {TypeError} If there is no such column.
 */
export function typeOfColumn(columns: TableColumns, name: string, doing: string): TableType {
  if (Object.hasOwn(columns, name)) return columns[name]!;
  const names = Object.keys(columns);
  const nearest = nearestName(name, names);
  throw new TypeError(
    `${doing}: the columns are ${names.join(", ") || "none"}; ` +
      (nearest === undefined ? "leave it out or declare it" : `did you mean "${nearest}"?`),
  );
}

/** True if a value is of a type. NaN is of none: SQL has no such number. Integers are those of int64. */
export function isOfType(value: Value, type: TableType): boolean {
  if (value === null) return type.endsWith("?");
  switch (type.replace("?", "")) {
    case "integer":
      return Number.isSafeInteger(value) ||
        typeof value === "bigint" && BigInt.asIntN(64, value) === value;
    case "real":
      return typeof value === "number" && !Number.isNaN(value);
    case "number":
      return typeof value === "bigint" || (typeof value === "number" && !Number.isNaN(value));
    case "text":
      return typeof value === "string" && value.isWellFormed();
    case "boolean":
      return typeof value === "boolean";
    case "time":
      return typeof value === "string" && pythonTime(value) !== undefined;
    case "date":
      return typeof value === "string" && pythonDate(value) !== undefined;
    default:
      return true;
  }
}

/** @throws {TypeError} If a name is unfit for the column of a record, or begins with `_stet_`. */
export function checkColumnName(name: string): void {
  if (isFitName(name) && !name.startsWith("_stet_")) return;
  throw new TypeError(
    `Cannot use ${JSON.stringify(name)} as a column: a name needs at least one character, no ` +
      `control characters or lone surrogates, and must not begin with "_stet_"; rename it`,
  );
}
