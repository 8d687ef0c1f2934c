import { Buffer } from "node:buffer";
import fs from "node:fs";
import type { CellBatch } from "../../core/contract/cell_batch.ts";
import { firstValue, withConnection } from "../../duckdb/connect.ts";
import { readCsv } from "../../duckdb/csv_file.ts";
import { globEscaped, sqlString } from "../../duckdb/sql_text.ts";
import type { ColumnKind } from "../columnar/column_kind.ts";
import type { Column, Content } from "../columnar/columnar_format.ts";
import { fileCells } from "../columnar/file_cells.ts";
import { NewColumns } from "../columnar/new_columns.ts";
import { tailOf, writeAll } from "../files/file_bytes.ts";
import { type Spool, SpoolWriter } from "../files/spool.ts";
import { removeFile } from "../files/system_error.ts";
import { cellSql, columnSql, convertedSql } from "./column_sql.ts";
import { csvContent } from "./parquet_csv.ts";
import type { ParquetFile } from "./parquet_file.ts";

/** Minimum of the limit for a line, by which DuckDB sizes its buffers. */
const MIN_LINE_BYTES = 4096;

/** The name of pandas' metadata. */
const PANDAS = "pandas";

/** The footer's length and the magic, at the end of a file. */
const TAIL_BYTES = 8;

/** The types of pandas that have missing values, of kinds whose usual type has none. */
const NULLABLE: Partial<Record<ColumnKind, readonly [type: string, nullable: string]>> = {
  integer: ["int64", "Int64"],
  boolean: ["bool", "boolean"],
};

/** Writes a file, and returns the number of its rows. */
export async function writeParquet(
  path: string,
  { names = [], base, gone = [], batches, metadata, csv }: Content,
): Promise<number> {
  const copied = csv === undefined ? undefined : await copyCsv(path, csv, names, metadata);
  if (copied !== undefined) return copied;
  const columns = new NewColumns(names, base);
  const spools: Spool[] = [];
  try {
    await spoolAll(spools, path, names, batches, columns);
    const { all } = columns;
    const selects = spools.map((spool) => spoolSql(all, spool));
    if (base) selects.unshift(baseSql(all, base as ParquetFile, gone));
    return await copy(selects.length > 0 ? selects : [emptySql(all)], path, all, metadata);
  } finally {
    for (const spool of spools) removeFile(spool.path);
  }
}

/** Writes batches to spools, a new one where a column comes that the last one has not. */
async function spoolAll(
  spools: Spool[],
  path: string,
  names: readonly string[],
  batches: AsyncIterable<CellBatch>,
  columns: NewColumns,
): Promise<void> {
  let writer: SpoolWriter | undefined;
  try {
    for await (const batch of batches) {
      await columns.add(batch);
      const added = batch.columns.map(({ name }) => name);
      if (!writer || added.some((name) => !writer!.spool.names.includes(name))) {
        writer?.close();
        const all = [...new Set([...writer?.spool.names ?? names, ...added])];
        const spool = {
          path: `${path}.${spools.length}.csv`,
          names: all,
          longest: 0,
          hasLines: false,
        };
        spools.push(spool);
        writer = new SpoolWriter(spool);
      }
      writer.add({ ...batch, columns: batch.columns.map(fileCells) });
    }
  } finally {
    writer?.close();
  }
}

/** Writes a file straight from the CSV file of a store; undefined if DuckDB cannot read that. */
async function copyCsv(
  path: string,
  csv: string,
  names: readonly string[],
  metadata: ReadonlyMap<string, string>,
): Promise<number | undefined> {
  const content = csvContent(csv, names);
  if (!content) return undefined;
  try {
    const count = await copy([content.sql], path, content.columns, metadata);
    if (content.isUnchanged()) return count;
  } catch {
    // A column has other values than it seemed, or the file is not as RFC 4180 wants it: the store's
    // own reader takes it, or says what is wrong.
  }
  removeFile(path);
  return undefined;
}

async function copy(
  selects: readonly string[],
  path: string,
  columns: readonly Column[],
  metadata: ReadonlyMap<string, string>,
): Promise<number> {
  const all = [...metadata, [PANDAS, pandasMetadata(columns)] as const]
    .map(([key, value]) => `${key}: ${sqlString(value)}`).join(", ");
  const rows = selects.map((select) => `(${select})`).join(" UNION ALL ");
  return await withConnection(async (connection) => {
    const result = await connection.run(
      `COPY (${rows}) TO ${sqlString(path)} (FORMAT parquet, KV_METADATA {${all}})`,
    );
    // The client takes a byte order mark from the beginning of a text: there must be something before.
    const nulls = await connection.run(
      `SELECT '.' || path_in_schema FROM parquet_metadata(${sqlString(globEscaped(path))}) ` +
        `WHERE stats_null_count IS DISTINCT FROM 0`,
    );
    const [absent = []] = await nulls.getColumns();
    const names = new Set(absent);
    fitPandasMetadata(path, columns, columns.filter(({ name }) => names.has(`.${name}`)));
    return Number(await firstValue(result));
  });
}

/** Returns the rows of a file that stay, in columns of these kinds. */
function baseSql(columns: readonly Column[], file: ParquetFile, gone: readonly number[]): string {
  const known = new Map(file.reads.map((column) => [column.name, column]));
  const read = columns.map(({ name, kind }) => {
    const from = known.get(name);
    return columnSql(name, kind, from ? convertedSql(from.sql, from.kind, kind) : "NULL");
  }).join(", ");
  if (gone.length === 0) return `SELECT ${read} FROM ${file.table}`;
  return `SELECT * EXCLUDE _stet_row FROM (SELECT ${read}, row_number() OVER () - 1 AS _stet_row ` +
    `FROM ${file.table}) WHERE _stet_row NOT IN (SELECT unnest([${gone}])) ORDER BY _stet_row`;
}

/** Returns the rows of a spool, in columns of these kinds. */
function spoolSql(
  columns: readonly Column[],
  { path, names, longest, hasLines }: Spool,
): string {
  const read = columns.map(({ name, kind }) => {
    const slot = names.indexOf(name);
    return columnSql(name, kind, slot === -1 ? "NULL" : cellSql(`c${slot}`, kind));
  });
  const limit = `max_line_size=${Math.max(longest, MIN_LINE_BYTES)}`;
  const cells = ["c", ...names.map((_, i) => `c${i}`)];
  return `SELECT ${read.join(", ")} FROM ${readCsv(path, cells, limit, hasLines)}`;
}

function emptySql(columns: readonly Column[]): string {
  return `SELECT ${columns.map(({ name, kind }) => columnSql(name, kind, "NULL"))} LIMIT 0`;
}

/**
 * The metadata by which pandas reads columns with absent cells as integers and booleans; it would make
 * numbers and objects of them (https://pandas.pydata.org/docs/development/developer.html). With all columns
 * that may have such cells.
 */
function pandasMetadata(columns: readonly Column[]): string {
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
function fitPandasMetadata(
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
