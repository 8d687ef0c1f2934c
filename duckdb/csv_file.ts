import { readCell } from "../core/values/cell.ts";
import { csvFields } from "../core/values/csv_field.ts";
import { namesInLine } from "../core/values/csv_names.ts";
import type { DirectFile } from "./direct_file.ts";
import { fileEnds } from "./file_ends.ts";
import { readStore, rowCondition } from "./read_csv.ts";

/**
 * Returns a CSV file as DuckDB reads it; undefined if it cannot: the header must be one line, and lines end
 * with LF only, the last one too. The query ends with an error where a line may be another header.
 */
export function csvFile(path: string): DirectFile | undefined {
  const ends = fileEnds(path);
  if (!ends) return undefined;
  const [header, ...lines] = ends.first;
  const names = namesInLine(header!.replace(/^\ufeff/, ""));
  // A line that is blank is no row; a row of one column that is absent looks the same.
  if (!names || names.length < 2 || names.includes("")) return undefined;
  if (new Set(names).size < names.length) return undefined;
  const rows = [...lines, ...ends.last].map((line) => csvFields(line) ?? []);
  return {
    names,
    allNames: undefined,
    from: () =>
      `(SELECT * FROM ${readStore(path, names)} ` +
      `WHERE CASE WHEN ${rowCondition(names)} THEN true ELSE error('another header') END)`,
    sample: (column) => rows.map((fields) => readCell(fields[column] ?? "")),
    isUnchanged: ends.isUnchanged,
  };
}
