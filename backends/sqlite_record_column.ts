import { FormatError } from "../core/errors.ts";
import { parseJson } from "../core/json.ts";
import type { TableType } from "../core/records_backend.ts";
import type { Value } from "../core/value.ts";
import { spacedJson, type SqlValue } from "./sqlite_value.ts";

/** What a column of a table of records keeps. */
export type RecordKind = "integer" | "real" | "number" | "text" | "boolean" | "json" | "time";

/** A column of a table of records. */
export interface RecordColumn {
  readonly name: string;
  readonly kind: RecordKind;
  readonly isNullable: boolean;
}

/** The columns that every table of records has after those of the params, as SQLAlchemy makes them. */
export const OWN_COLUMNS: readonly RecordColumn[] = [
  { name: "id", kind: "text", isNullable: false },
  { name: "result_file", kind: "text", isNullable: false },
  { name: "created_at", kind: "time", isNullable: false },
  { name: "custom_data", kind: "json", isNullable: false },
];

/** What SQLAlchemy 2 calls each kind in SQLite. */
const SQL_TYPES: Readonly<Record<RecordKind, string>> = {
  integer: "INTEGER",
  real: "DOUBLE",
  number: "NUMERIC",
  text: "VARCHAR",
  boolean: "BOOLEAN",
  json: "JSON",
  time: "DATETIME",
};

/** A column as CREATE TABLE wants it, after its name. */
export function columnSql({ kind, isNullable }: RecordColumn): string {
  return SQL_TYPES[kind] + (isNullable ? "" : " NOT NULL");
}

/** The column that a declared type makes. */
export function declaredColumn(name: string, type: TableType): RecordColumn {
  return {
    name,
    kind: type.replace("?", "") as RecordKind,
    isNullable: type.endsWith("?"),
  };
}

/** The type of a column, as it would be declared. */
export function typeOf({ kind, isNullable }: RecordColumn): TableType {
  const type = kind === "time" ? "text" : kind;
  return isNullable ? `${type}?` : type;
}

/** The type of a column that is made for a value; JSON where it does not tell. It may be null. */
export function inferredColumn(name: string, value: Value): RecordColumn {
  const kind = typeof value === "string"
    ? "text"
    : typeof value === "boolean"
    ? "boolean"
    : typeof value === "object"
    ? "json"
    : "number";
  return { name, kind, isNullable: true };
}

/** The kind of a column, by the name of its type, whoever made the table. */
export function kindOf(sqlType: string): RecordKind {
  const type = sqlType.toUpperCase();
  if (/BOOL/.test(type)) return "boolean";
  if (/JSON/.test(type)) return "json";
  if (/DATETIME|TIMESTAMP/.test(type)) return "time";
  if (/INT/.test(type)) return "integer";
  if (/REAL|FLOA|DOUB/.test(type)) return "real";
  if (/NUMERIC|DEC/.test(type)) return "number";
  return "text";
}

/**
 * A value as it is bound to a column; undefined if the column cannot hold it. NaN is such a value:
 * SQLite takes it for NULL.
 */
export function toColumn(value: Value | undefined, kind: RecordKind): SqlValue | undefined {
  if (value === undefined || (value === null && kind !== "json")) return null;
  switch (kind) {
    case "integer":
    case "real":
    case "number":
      if (typeof value === "bigint") return BigInt.asIntN(64, value) === value ? value : undefined;
      return typeof value === "number" && !Number.isNaN(value) ? value : undefined;
    case "boolean":
      return typeof value === "boolean" ? Number(value) : undefined;
    case "json":
      return value === null ? null : spacedJson(value);
    case "time":
      return typeof value === "string" ? sqlTime(value) : undefined;
    case "text":
      return typeof value === "string" && value.isWellFormed() ? value : undefined;
  }
}

/** The value of a column; undefined (absent) for NULL. @throws {FormatError} On bad JSON. */
export function fromColumn(value: SqlValue, kind: RecordKind): Value | undefined {
  if (value === null) return undefined;
  if (kind === "boolean") return Boolean(Number(value));
  if (kind === "real") return Number(value);
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (typeof value !== "string") return typeof value === "number" ? value : undefined;
  if (kind === "time") return isoTime(value);
  if (kind !== "json") return value;
  try {
    return parseJson(value);
  } catch (cause) {
    throw new FormatError(`Cannot read a JSON column: it holds ${JSON.stringify(value)}`, {
      cause,
    });
  }
}

/** An ISO 8601 time in UTC as SQLAlchemy writes it: without a zone, with microseconds. */
function sqlTime(iso: string): string {
  const [, date, time, fraction = ""] =
    /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d+))?Z$/.exec(iso) ?? [];
  return date === undefined ? iso : `${date} ${time}.${fraction.slice(0, 6).padEnd(6, "0")}`;
}

function isoTime(text: string): string {
  const [, date, time] = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d+)?)$/.exec(text) ?? [];
  return date === undefined ? text : `${date}T${time}Z`;
}
