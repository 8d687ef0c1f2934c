import { sqlName } from "../../duckdb/sql_text.ts";
import type { ColumnKind } from "../columnar/column_kind.ts";

/** The types of columns in files that stet writes. */
const TYPES: Readonly<Record<ColumnKind, string>> = {
  integer: "BIGINT",
  double: "DOUBLE",
  boolean: "BOOLEAN",
  text: "VARCHAR",
};

/** Returns the item of a SELECT that gives a column of a kind. */
export function columnSql(name: string, kind: ColumnKind, value: string): string {
  return `(${value})::${TYPES[kind]} AS ${sqlName(name)}`;
}

/** Returns the value of a cell all of whose column is of a kind. */
export function cellSql(cell: string, kind: ColumnKind): string {
  switch (kind) {
    case "integer":
      return `${cell}::BIGINT`;
    case "double":
      return `${cell}::DOUBLE + 0.0::DOUBLE`; // not -0
    case "boolean":
      return `${cell} = 'True'`;
    case "text":
      return cell;
  }
}

/** Returns a value of one kind as a value of another, which has all values of the first. */
export function convertedSql(value: string, from: ColumnKind, to: ColumnKind): string {
  if (from === to || to === "double" || from === "integer") return value;
  if (from === "boolean") {
    return `CASE WHEN ${value} THEN 'True' WHEN NOT ${value} THEN 'False' END`;
  }
  // As core/values/number_text.ts spells numbers.
  return `CASE WHEN isfinite(${value}) AND ${value} = trunc(${value}) AND abs(${value}) < ` +
    `9007199254740992 THEN (${value})::BIGINT::VARCHAR ELSE (${value})::VARCHAR END`;
}
