import { NUMBER, ORDINARY, PLAIN, SPECIAL } from "../core/values/cell_patterns.ts";
import type { ColumnType } from "./column_type.ts";
import { sqlString } from "./sql_text.ts";

/** Message of the error of a wrong guess; the number of the cell follows. */
export const WRONG_GUESS = "stet: wrong guess ";

const INSTANT = String
  .raw`[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})`;

/** Returns the SQL of the value of a cell. The cell is canonical and its column has this type. */
export function typedCell(cell: string, type: ColumnType): string {
  switch (type.kind) {
    case "empty":
      return "NULL::VARCHAR";
    case "integer":
      return `TRY_CAST(${cell} AS BIGINT)`; // None becomes NULL
    case "double":
      return `TRY_CAST(${cell} AS DOUBLE)`;
    case "boolean":
      return `CASE ${cell} WHEN 'True' THEN true WHEN 'False' THEN false END`;
    case "timestamp":
      return `TRY_CAST(${cell} AS TIMESTAMPTZ)`;
    case "string":
      return `CASE WHEN ${cell} = 'None' THEN NULL ` +
        `WHEN ${cell}[1] = '"' THEN json_extract_string(${cell}, '$') ELSE ${cell} END`;
    case "nested":
      return `json_transform(NULLIF(${cell}, 'None'), ${
        sqlString(JSON.stringify(type.structure))
      })`;
    case "text":
      return `NULLIF(${cell}, 'None')`;
  }
}

/**
 * Returns the SQL of the value of a cell whose column is guessed to have this type: where the cell has
 * another, or a spelling that this does not know, the query ends with {@linkcode WRONG_GUESS}. Undefined
 * if the type cannot be guessed.
 *
 * DuckDB's own casts take more than cells do: `1.5`, `1_000` and `0x1F` for integers, `+-0` and `nan(1)` for numbers.
 *
 * @param isNull The condition under which the value is NULL.
 */
export function guessedCell(
  cell: string,
  type: ColumnType,
  isNull = `${cell} IS NULL OR ${cell} = 'None'`,
): string | undefined {
  const wrong = `error(${sqlString(WRONG_GUESS + cell)})`;
  const typed = typedCell(cell, type);
  const double = typedCell(cell, { kind: "double" });
  switch (type.kind) {
    case "integer":
      return `CASE WHEN ${typed}::VARCHAR = ${cell} THEN ${typed} ` +
        `WHEN ${isNull} THEN NULL ` +
        // In another spelling: 1.0, 1e5, 007.
        `WHEN abs(${double}) < 9007199254740992 AND trunc(${double}) = ${double} AND ` +
        `regexp_full_match(${cell}, '${NUMBER}') THEN ${double}::BIGINT ELSE ${wrong} END`;
    case "double":
      // The test of most cells comes first, as it is cheap: no white space or plus at the beginning.
      return `CASE WHEN abs(${typed}) < 9007199254740992 AND ` +
        `${cell} >= '-' AND NOT contains(${cell}, '_') THEN ${typed} ` +
        `WHEN ${isNull} THEN NULL WHEN ${typed} IS NULL THEN ${wrong} ` +
        // Integers from 2^53 up are bigints, which a double does not keep.
        `WHEN regexp_full_match(${cell}, '[+-]?[0-9]+') AND ` +
        `abs(${typed}) >= 9007199254740992 THEN ${wrong} ` +
        `WHEN regexp_full_match(${cell}, '${NUMBER}') THEN ${typed} ELSE ${wrong} END`;
    case "boolean":
      return `CASE WHEN ${cell} IN ('True', 'true') THEN true ` +
        `WHEN ${cell} IN ('False', 'false') THEN false ` +
        `WHEN ${isNull} THEN NULL ELSE ${wrong} END`;
    case "timestamp":
      return `CASE WHEN ${isNull} THEN NULL WHEN regexp_full_match(${cell}, '${INSTANT}') ` +
        `AND ${typed} IS NOT NULL THEN ${typed} ELSE ${wrong} END`;
    case "string":
      return `CASE WHEN regexp_full_match(${cell}, '${ORDINARY}') THEN ${cell} ` +
        `WHEN ${isNull} THEN NULL ` +
        `WHEN regexp_full_match(${cell}, '${PLAIN}') AND ` +
        `NOT regexp_full_match(${cell}, '${SPECIAL}') THEN ${cell} ` +
        `WHEN ${cell}[1] = '"' AND json_valid(${cell}) AND NOT contains(${cell}, '\\u') ` +
        `THEN json_extract_string(${cell}, '$') ELSE ${wrong} END`;
    case "empty":
      return `CASE WHEN ${isNull} THEN NULL::VARCHAR ELSE ${wrong} END`;
    default:
      return undefined;
  }
}
