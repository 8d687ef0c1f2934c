import { parseJson } from "../../core/values/json.ts";
import { pythonDate, pythonTime } from "../../core/values/python_time.ts";
import type { Value } from "../../core/values/value.ts";
import type { RecordColumn, RecordKind } from "../records/record_columns.ts";
import { spacedJson, type SqlValue } from "./sql_value.ts";

/** SQLAlchemy 2's type of each kind in SQLite. */
const SQL_TYPES: Readonly<Record<RecordKind, string>> = {
  integer: "INTEGER",
  real: "DOUBLE",
  number: "NUMERIC",
  text: "VARCHAR",
  boolean: "BOOLEAN",
  json: "JSON",
  time: "DATETIME",
  date: "DATE",
  created: "DATETIME",
};

/** Returns the declaration of a column in CREATE TABLE, after its name. */
export function columnSql({ kind, isNullable }: RecordColumn): string {
  return SQL_TYPES[kind] + (isNullable ? "" : " NOT NULL");
}

/** Returns a value as it is bound to a column, or undefined if the column cannot hold it, as NaN: SQLite takes it for NULL. */
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
    case "created":
      return typeof value === "string" ? sqlTime(value) : undefined;
    case "date":
      return typeof value === "string" ? pythonDate(value) : undefined;
    case "text":
      return typeof value === "string" && value.isWellFormed() ? value : undefined;
  }
}

/** Returns the value of a column; undefined (absent) for NULL. One that does not fit its column stays as it is. */
export function fromColumn(value: SqlValue, kind: RecordKind): Value | undefined {
  if (value === null) return undefined;
  if (typeof value === "bigint" || typeof value === "number") {
    const number = Number(value);
    if (kind === "boolean") return Boolean(number);
    return kind === "real" || Number.isSafeInteger(number) ? number : value;
  }
  if (typeof value !== "string") return undefined;
  if (kind === "created") return value.replace(TIME, "$1T$2$3Z");
  if (kind === "time") return pythonTime(value) ?? value;
  return kind === "json" ? jsonOf(value) : value;
}

function jsonOf(text: string): Value {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

/** A time as SQLAlchemy writes it, without a zone. */
const TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)((?:\.\d+)?)$/;

/** Returns an ISO 8601 time in UTC as SQLAlchemy writes it: without a zone, with microseconds. */
function sqlTime(iso: string): string {
  const [, date, time, fraction = ""] = TIME.exec(iso.replace(/Z$/, "")) ?? [];
  return date === undefined ? iso : `${date} ${time}.${fraction.slice(1, 7).padEnd(6, "0")}`;
}
