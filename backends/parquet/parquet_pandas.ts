import { Buffer } from "node:buffer";
import fs from "node:fs";
import { readParquetNulls } from "../../packages/parquet_footer.ts";
import type { ColumnKind } from "../columnar/column_kind.ts";
import type { Column } from "../columnar/columnar_format.ts";

/** The name of pandas' metadata. */
export const PANDAS = "pandas";

/** The types of pandas that have missing values, of kinds whose usual type has none. */
const NULLABLE: Partial<Record<ColumnKind, readonly [type: string, nullable: string]>> = {
  integer: ["int64", "Int64"],
  boolean: ["bool", "boolean"],
};

/**
 * The metadata by which pandas reads columns with absent cells as integers and booleans; it would make
 * numbers and objects of them (https://pandas.pydata.org/docs/development/developer.html). With all columns
 * that may have such cells: `fitPandasMetadata` removes the others.
 */
export function pandasMetadata(columns: readonly Column[]): string {
  const described = columns.flatMap(({ name, kind }) => {
    const types = NULLABLE[kind];
    if (!types) return [];
    const [type, nullable] = types;
    return { name, field_name: name, pandas_type: type, numpy_type: nullable, metadata: null };
  });
  const creator = { library: "stet", version: "1" };
  return JSON.stringify({
    index_columns: [],
    column_indexes: [],
    columns: described,
    creator,
    pandas_version: "1.0.0",
  });
}

/** Removes columns without absent cells from the metadata of a written file, padded with spaces. */
export function fitPandasMetadata(path: string, columns: readonly Column[]): void {
  const fd = fs.openSync(path, "r+");
  try {
    const { names, place, length } = readParquetNulls(fd, fs.fstatSync(fd).size, PANDAS);
    const kept = columns.filter(({ name }) => names.has(name));
    const text = Buffer.alloc(length, " ");
    text.write(pandasMetadata(kept));
    fs.writeSync(fd, text, 0, length, place);
  } finally {
    fs.closeSync(fd);
  }
}
