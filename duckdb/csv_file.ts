import { readCell } from "../core/values/cell.ts";
import { csvFields } from "../core/values/csv_field.ts";
import { namesInLine } from "../core/values/csv_names.ts";
import { readRows } from "./read_cells.ts";
import { type ColumnType, ColumnTypeFinder } from "./column_type.ts";
import type { DirectFile } from "./direct_file.ts";
import { fileEnds } from "./file_ends.ts";

/** A CSV file, if DuckDB can read it: a header on one line, lines that end with LF only, the last one too. */
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
    guess(column): ColumnType {
      const finder = new ColumnTypeFinder(names[column]!);
      for (const fields of sample) {
        const value = readCell(fields[column] ?? "");
        if (value !== undefined) finder.add(value);
      }
      return finder.type;
    },
    isUnchanged: ends.isUnchanged,
  };
}
