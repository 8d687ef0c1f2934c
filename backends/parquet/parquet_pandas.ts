import { Buffer } from "node:buffer";
import fs from "node:fs";
import type { ColumnKind } from "../columnar/column_kind.ts";
import type { Column } from "../columnar/columnar_format.ts";
import { tailOf, writeAll } from "../files/file_bytes.ts";

/** The name of pandas' metadata. */
export const PANDAS = "pandas";

/** The footer's length and the magic, at the end of a file. */
const TAIL_BYTES = 8;

/** The types of pandas that have missing values, of kinds whose usual type has none. */
const NULLABLE: Partial<Record<ColumnKind, readonly [type: string, nullable: string]>> = {
  integer: ["int64", "Int64"],
  boolean: ["bool", "boolean"],
};

/**
 * The metadata by which pandas reads columns with absent cells as integers and booleans; it would make
 * numbers and objects of them (https://pandas.pydata.org/docs/development/developer.html). With all columns
 * that may have such cells.
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

/** Leaves only some columns in the metadata of a written file, padded with spaces. */
export function fitPandasMetadata(
  path: string,
  written: readonly Column[],
  left: readonly Column[],
): void {
  const fd = fs.openSync(path, "r+");
  try {
    const { size } = fs.fstatSync(fd);
    const footerBytes = Buffer.from(tailOf(fd, size, TAIL_BYTES)).readUInt32LE(0);
    const footer = Buffer.from(tailOf(fd, size, footerBytes + TAIL_BYTES));
    const found = pandasMetadata(written);
    const text = Buffer.alloc(Buffer.byteLength(found), " ");
    text.write(pandasMetadata(left));
    // The statistics of columns, which may hold the same text, come before it.
    writeAll(fd, text, size - footer.length + footer.lastIndexOf(found));
  } finally {
    fs.closeSync(fd);
  }
}
