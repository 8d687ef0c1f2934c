import { readCell } from "../core/values/cell.ts";
import { csvFields } from "../core/values/csv_field.ts";
import { namesInLine } from "../core/values/csv_names.ts";
import { readRows } from "./read_cells.ts";
import { typeOf } from "./column_type.ts";
import type { DirectFile } from "./direct_file.ts";
import { fileEnds } from "./file_ends.ts";

/** Returns a CSV file that DuckDB can read: its header is one line, and each line ends with LF alone. */
export function csvFile(path: string): DirectFile | undefined {
  const ends = fileEnds(path);
  if (!ends) return undefined;
  const [header, ...lines] = ends.first;
  const names = namesInLine(header!.replace(/^\ufeff/, ""));
  // A line that is blank is no row; a row of one column that is absent looks the same.
  if (!names || names.length < 2 || names.includes("")) return undefined;
  if (new Set(names).size < names.length) return undefined;
  const sample = [...lines, ...ends.last].map((line) => csvFields(line) ?? []);
  return {
    names,
    allNames: undefined,
    from: () => readRows(path, names),
    guess: (column) =>
      typeOf(names[column]!, sample.map((fields) => readCell(fields[column] ?? ""))),
    isUnchanged: ends.isUnchanged,
  };
}
