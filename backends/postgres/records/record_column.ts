import { parseJson } from "../../../core/values/json.ts";
import { pythonDate, pythonTime } from "../../../core/values/python_time.ts";
import type { Value } from "../../../core/values/value.ts";
import type { RecordColumn, RecordKind } from "../../records/record_columns.ts";
import { spacedJson } from "../../sqlite/sql_value.ts";

/** SQLAlchemy 2's type of each kind in PostgreSQL. */
const SQL_TYPES: Readonly<Record<RecordKind, string>> = {
  integer: "INTEGER",
  real: "DOUBLE PRECISION",
  number: "NUMERIC",
  text: "VARCHAR",
  boolean: "BOOLEAN",
  json: "JSON",
  time: "TIMESTAMP WITHOUT TIME ZONE",
  date: "DATE",
  created: "TIMESTAMP WITHOUT TIME ZONE",
};

/** Returns the declaration of a column in CREATE TABLE, after its name. */
export function columnSql({ kind, isNullable }: RecordColumn): string {
  return SQL_TYPES[kind] + (isNullable ? "" : " NOT NULL");
}

/** Returns a value as a parameter of a column, or undefined if the column cannot hold it. */
export function toColumn(value: Value | undefined, kind: RecordKind): string | null | undefined {
  if (value === undefined || value === null) return null;
  switch (kind) {
    case "integer":
      return typeof value === "bigint" || Number.isInteger(value) ? `${value}` : undefined;
    case "real":
    case "number":
      return typeof value === "bigint" || typeof value === "number" ? `${value}` : undefined;
    case "boolean":
      return typeof value === "boolean" ? `${value}` : undefined;
    case "json":
      return jsonText(value);
    case "time":
    case "created":
      return typeof value === "string" ? pythonTime(value) : undefined;
    case "date":
      return typeof value === "string" ? pythonDate(value) : undefined;
    case "text":
      return typeof value === "string" && value.isWellFormed() && !value.includes("\0")
        ? value
        : undefined;
  }
}

/** Returns the value of a column as the server spells it. */
export function fromColumn(text: string, kind: RecordKind): Value {
  switch (kind) {
    case "integer":
    case "number":
    case "real": {
      const number = Number(text);
      return kind !== "real" && /^-?\d+$/.test(text) && !Number.isSafeInteger(number)
        ? BigInt(text)
        : number;
    }
    case "boolean":
      return text === "t";
    case "json":
      return parseJson(text);
    case "created": {
      const [, date, time, fraction = ""] = /^(\S+) (\d\d:\d\d:\d\d)(?:\.(\d+))?/.exec(text) ?? [];
      return date === undefined ? text : `${date}T${time}.${fraction.padEnd(6, "0")}Z`;
    }
    case "time":
      return pythonTime(text) ?? text;
    default:
      return text;
  }
}

/** PostgreSQL takes no NaN in JSON, and no half of a surrogate pair. */
function jsonText(value: Value): string | undefined {
  const text = spacedJson(value);
  try {
    JSON.parse(text);
    return text;
  } catch {
    return undefined;
  }
}
