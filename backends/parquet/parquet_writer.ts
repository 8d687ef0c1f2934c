import { CellBatchBuilder } from "../columnar/cell_batch_builder.ts";
import type { Row } from "../../core/values/value.ts";
import { yielding } from "../../core/runtime/yield_timer.ts";
import { globEscaped, sqlName, sqlString } from "../../duckdb/sql_text.ts";
import { joinCells } from "../columnar/cell_kind.ts";
import type { ColumnKind, SeenKind } from "../columnar/column_kind.ts";
import {
  type Column,
  columnsInOrder,
  type Content,
  type NewContent,
} from "../columnar/columnar_format.ts";
import { columnsOf, connect } from "../../duckdb/connect.ts";
import { csvContent } from "./parquet_csv.ts";
import { fitPandasMetadata, PANDAS, pandasMetadata } from "./parquet_pandas.ts";
import type { ParquetFile } from "./parquet_file.ts";
import { type Spool, SpoolWriter } from "../files/spool.ts";
import { removeFile } from "../files/system_error.ts";

/** The least limit for a line that DuckDB takes its buffers by, in bytes. */
const LEAST_LINE = 4096;

/** Writes a file of which all columns are known; how many rows it has. */
export async function writeParquet(
  path: string,
  { columns, base, gone, added, metadata }: Content,
): Promise<number> {
  const spool = { path: `${path}.csv`, names: columns.map(({ name }) => name), longest: 0 };
  try {
    const selects = base ? [baseSql(columns, base as ParquetFile, gone)] : [];
    if (await spoolRows(spool, added) > 0) selects.push(spoolSql(columns, spool));
    return await copy(selects.length > 0 ? selects : [emptySql(columns)], path, columns, metadata);
  } finally {
    removeFile(spool.path);
  }
}

async function spoolRows(spool: Spool, rows: Iterable<Row>): Promise<number> {
  const writer = new SpoolWriter(spool);
  let count = 0;
  try {
    const batch = new CellBatchBuilder();
    for await (const row of yielding(rows)) {
      count++;
      batch.add(row);
      if (batch.isFull) writer.add(batch.take());
    }
    writer.add(batch.take());
  } finally {
    writer.close();
  }
  return count;
}

/** Writes a file whose columns show as its rows come; how many it has. */
export async function writeParquetAnew(
  path: string,
  { names, batches, metadata, csv }: NewContent,
): Promise<number> {
  const copied = csv === undefined ? undefined : await copyCsv(path, csv, names, metadata);
  if (copied !== undefined) return copied;
  const kinds = new Map<string, SeenKind>();
  const spools: Spool[] = [];
  try {
    let writer: SpoolWriter | undefined;
    try {
      for await (const batch of batches) {
        joinCells(kinds, batch);
        const added = batch.columns.map(({ name }) => name);
        if (!writer || added.some((name) => !writer!.spool.names.includes(name))) {
          writer?.close();
          const all = [...new Set([...writer?.spool.names ?? names, ...added])];
          const spool = { path: `${path}.${spools.length}.csv`, names: all, longest: 0 };
          spools.push(spool);
          writer = new SpoolWriter(spool);
        }
        writer.add(batch);
      }
    } finally {
      writer?.close();
    }
    const columns = columnsInOrder(names, kinds);
    const selects = spools.map((spool) => spoolSql(columns, spool));
    return await copy(selects.length > 0 ? selects : [emptySql(columns)], path, columns, metadata);
  } finally {
    for (const spool of spools) removeFile(spool.path);
  }
}

/** The same straight from the CSV file of a store; undefined if that is not to be had. */
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
  const all = new Map([...metadata, [PANDAS, pandasMetadata(columns)]]);
  const connection = await connect();
  try {
    const sql = selects.map((select) => `(${select})`).join(" UNION ALL ");
    const result = await connection.run(
      `COPY (${sql}) TO ${sqlString(path)} (FORMAT parquet, KV_METADATA ${metadataSql(all)})`,
    );
    fitPandasMetadata(path, columns);
    return Number((await columnsOf(result))[0]![0]);
  } finally {
    connection.closeSync();
  }
}

const TYPES: Readonly<Record<ColumnKind, string>> = {
  integer: "BIGINT",
  double: "DOUBLE",
  boolean: "BOOLEAN",
  text: "VARCHAR",
};

/** The rows of a file that stay, in columns of these kinds. */
function baseSql(columns: readonly Column[], file: ParquetFile, gone: readonly number[]): string {
  const known = new Map(file.reads.map((column) => [column.name, column]));
  const read = columns.map(({ name, kind }) => {
    const from = known.get(name);
    const sql = from ? converted(from.sql, from.kind, kind) : "NULL";
    return `(${sql})::${TYPES[kind]} AS ${sqlName(name)}`;
  }).join(", ");
  if (gone.length === 0) return `SELECT ${read} FROM ${file.table}`;
  // No column of a store has an empty name.
  return `SELECT * EXCLUDE _stet_row FROM (SELECT ${read}, row_number() OVER () - 1 AS _stet_row ` +
    `FROM ${file.table}) WHERE _stet_row NOT IN (SELECT unnest([${gone}])) ORDER BY _stet_row`;
}

function converted(sql: string, from: ColumnKind, to: ColumnKind): string {
  if (from === to || to === "double") return sql;
  if (from === "boolean") return `CASE WHEN ${sql} THEN 'True' WHEN NOT ${sql} THEN 'False' END`;
  if (from === "integer") return sql;
  // As core/values/number_text.ts spells numbers.
  return `CASE WHEN isfinite(${sql}) AND ${sql} = trunc(${sql}) AND abs(${sql}) < ` +
    `9007199254740992 THEN (${sql})::BIGINT::VARCHAR ELSE (${sql})::VARCHAR END`;
}

/** The rows of a spool, in columns of these kinds. */
function spoolSql(columns: readonly Column[], { path, names, longest }: Spool): string {
  const read = columns.map(({ name, kind }) => {
    const slot = names.indexOf(name);
    return `${slot === -1 ? `NULL::${TYPES[kind]}` : typed(`c${slot}`, kind)} AS ${sqlName(name)}`;
  });
  const cells = ["c: 'VARCHAR'", ...names.map((_, i) => `c${i}: 'VARCHAR'`)];
  return `SELECT ${read.join(", ")} FROM read_csv(${sqlString(globEscaped(path))}, ` +
    `auto_detect=false, header=false, delim=',', quote='"', escape='"', comment='', ` +
    `new_line='\\n', nullstr='', strict_mode=true, ` +
    `max_line_size=${Math.max(longest, LEAST_LINE)}, columns={${cells.join(", ")}})`;
}

function emptySql(columns: readonly Column[]): string {
  const read = columns.map(({ name, kind }) => `NULL::${TYPES[kind]} AS ${sqlName(name)}`);
  return `SELECT ${read.join(", ")} LIMIT 0`;
}

/** The value of a cell, all of whose column are of a kind. */
function typed(cell: string, kind: ColumnKind): string {
  switch (kind) {
    case "text":
      return cell;
    case "boolean":
      return `${cell} = 'True'`;
    default:
      return `${cell}::${TYPES[kind]}`;
  }
}

function metadataSql(metadata: ReadonlyMap<string, string>): string {
  return `{${[...metadata].map(([key, value]) => `${key}: ${sqlString(value)}`).join(", ")}}`;
}
