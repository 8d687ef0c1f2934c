import { readCell } from "../core/values/cell.ts";
import { orderColumns } from "../core/values/columns.ts";
import { parseJson } from "../core/values/json.ts";
import { entryOf, isPlainObject, type Row } from "../core/values/value.ts";
import type { DirectFile } from "./direct_file.ts";
import { fileEnds } from "./file_ends.ts";
import { sqlName, sqlString } from "./sql_text.ts";

/**
 * Returns a file of JSON objects, one on each line, that DuckDB can read: JSON Lines, or an array as stet
 * writes it.
 *
 * DuckDB gives a string as its text and anything else as JSON, which is the cell text that the
 * store has; it spells numbers anew, as the same numbers. Names that are there twice in an object, bytes
 * that are no UTF-8, lone surrogates and most else that is no JSON are errors to it, and so is here a
 * row that is `null`.
 */
export function jsonFile(path: string): DirectFile | undefined {
  const ends = fileEnds(path);
  if (!ends) return undefined;
  const isArray = /\.json$/i.test(path);
  const first = rowsOf(ends.first, isArray);
  const last = rowsOf(ends.last, isArray);
  if (first.length === 0) return undefined;
  const early = new Set(first.flatMap((row) => Object.keys(row)));
  const late = new Set(last.flatMap((row) => Object.keys(row)).filter((name) => !early.has(name)));
  // The order of two new columns is unknown if they began in the middle.
  if (late.size > 1) return undefined;
  const names = orderColumns([...early, ...late], []);
  if (names.length === 0 || names.some((name) => name.includes("\0") || !name.isWellFormed())) {
    return undefined;
  }
  const rows = [...first, ...last];
  // As JSON, which takes less time, a string would have its quotes; and then no guess is right.
  const types = names.map((name) =>
    rows.some((row) => typeof row[name] === "string") ? "VARCHAR" : "JSON"
  );
  const format = isArray ? "array" : "newline_delimited";
  const file = `${sqlString(path)}, format='${format}'`;
  return {
    names,
    allNames: `SELECT DISTINCT unnest(json_keys(json)) FROM read_json_objects(${file})`,
    from(columns): string {
      const fields = (columns.length > 0 ? columns : [0])
        .map((column) => `${sqlName(names[column]!)} ${types[column]}`);
      const cells = columns
        .map((column) => `r.${sqlName(names[column]!)}::VARCHAR AS c${column}`);
      return `(SELECT ${cells.join(", ") || "NULL"} FROM read_json(${file}, records=false, ` +
        `columns={r: ${sqlString(`STRUCT(${fields.join(", ")})`)}}) ` +
        `WHERE CASE WHEN r IS NULL THEN error('a row is null') ELSE true END)`;
    },
    sample: (column) =>
      rows.map((row) => entryOf(row, names[column]!))
        .map((value) => typeof value === "string" ? readCell(value) : value),
    isUnchanged: ends.isUnchanged,
  };
}

/** Returns the objects of lines that are one each. */
function rowsOf(lines: readonly string[], isArray: boolean): Row[] {
  return lines.flatMap((line) => {
    const text = isArray ? line.replace(/,\s*$/, "") : line;
    if (!text.trimStart().startsWith("{")) return [];
    try {
      const row = parseJson(text);
      return isPlainObject(row) ? [row as Row] : [];
    } catch (error) {
      if (error instanceof SyntaxError) return []; // half a line, or another form: the store's own reader reports it
      throw error;
    }
  });
}
