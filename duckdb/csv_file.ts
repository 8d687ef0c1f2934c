import { readCell } from "../core/values/cell.ts";
import { csvFields } from "../core/values/csv_field.ts";
import { namesInLine } from "../core/values/csv_names.ts";
import type { DirectFile } from "./direct_file.ts";
import { fileEnds } from "./file_ends.ts";
import { readStore, rowCondition } from "./read_csv.ts";

/** The header of a CSV file, and the fields of rows at both of its ends. */
export interface CsvEnds {
  readonly names: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Returns true if the file is still as it was. */
  isUnchanged(): boolean;
}

/**
 * Reads the ends of a CSV file; undefined if DuckDB cannot read it: the header must be one line, and lines
 * end with LF only, the last one too.
 */
export function csvEnds(path: string): CsvEnds | undefined {
  const ends = fileEnds(path);
  if (!ends) return undefined;
  const [header, ...lines] = ends.first;
  const names = namesInLine(header!.replace(/^\ufeff/, ""));
  // A line that is blank is no row; a row of one column that is absent looks the same.
  if (!names || names.length < 2 || names.includes("")) return undefined;
  if (new Set(names).size < names.length) return undefined;
  const rows = [...lines, ...ends.last].map((line) => csvFields(line) ?? []);
  return { names, rows, isUnchanged: ends.isUnchanged };
}

/** Returns a CSV file as DuckDB reads it. The query ends with an error where a line may be another header. */
export function csvFile(path: string): DirectFile | undefined {
  const ends = csvEnds(path);
  if (!ends) return undefined;
  const { names, rows, isUnchanged } = ends;
  return {
    names,
    allNames: undefined,
    from: () =>
      `(SELECT * FROM ${readStore(path, names)} ` +
      `WHERE CASE WHEN ${rowCondition(names)} THEN true ELSE error('another header') END)`,
    sample: (column) => rows.map((fields) => readCell(fields[column] ?? "")),
    isUnchanged,
  };
}
