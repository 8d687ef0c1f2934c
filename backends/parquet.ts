import { Buffer } from "node:buffer";
import fs from "node:fs";
import { readCell, writeCell } from "../core/cell.ts";
import type { OpenOptions } from "../core/backend.ts";
import { FormatError, messageOf, StoreError } from "../core/errors.ts";
import type { Value } from "../core/value.ts";
import type { DuckDb, DuckDbConnection, DuckDbInstance, DuckDbResult } from "../packages/duckdb.ts";
import { loadDuckDb } from "../packages/duckdb.ts";
import type { ColumnKind } from "./column_kind.ts";
import { ColumnarBackend } from "./columnar_backend.ts";
import type { Batch, Column, ColumnarFile, ColumnarFormat, Content } from "./columnar_format.ts";
import { copyOfHeld } from "./copy_of_held.ts";
import { writeAll } from "./file_bytes.ts";
import type { HeldFile } from "./held_file.ts";

/** How much text is written at a time, in UTF-16 units. */
const CHUNK = 1 << 18;

/**
 * A store in a Parquet file. Rows are recorded in a JSON Lines file beside it and merged into it in
 * growing steps, and by `close`. Needs the package `@duckdb/node-api`.
 *
 * Columns are BIGINT, DOUBLE or BOOLEAN where all their values are; any other is VARCHAR with cell
 * text. An absent value is NULL.
 *
 * @example
 * ```ts ignore
 * import { ParquetBackend } from "@stet/stet/backends";
 *
 * const backend = new ParquetBackend("runs.parquet");
 * await backend.record({ alpha: 0.1, model: "a" });
 * await backend.close();
 * ```
 */
export class ParquetBackend extends ColumnarBackend {
  /** Opens the store at a path; it is made by the first record. */
  constructor(path: string, options: OpenOptions = {}) {
    super(path, parquet, options);
  }
}

/**
 * Opens the Parquet store at a path.
 *
 * @throws {StoreError} If the package `@duckdb/node-api` is not installed.
 */
export async function open(path: string, options: OpenOptions): Promise<ParquetBackend> {
  await loadDuckDb(`open store "${path}"`); // before anything runs whose row could not be kept
  return new ParquetBackend(path, options);
}

/** A connection that can give a result as it comes. */
interface Connection extends DuckDbConnection {
  stream(sql: string): Promise<DuckDbResult>;
}

let instance: Promise<DuckDbInstance> | undefined;

async function openInstance(): Promise<DuckDbInstance> {
  const { DuckDBInstance }: DuckDb = await loadDuckDb("use Parquet");
  return await DuckDBInstance.create(":memory:", {
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    enable_external_file_cache: "false", // files are replaced under their names
  });
}

/** A connection of its own: a result that is read as it comes occupies one. */
async function connect(): Promise<Connection> {
  instance ??= openInstance();
  return await (await instance).connect() as Connection;
}

/** Parquet for the engine, by DuckDB. */
export const parquet: ColumnarFormat = {
  name: "Parquet",
  isCaseSensitive: false, // DuckDB's columns are not

  async open(held): Promise<ColumnarFile> {
    const connection = await connect();
    try {
      return await ParquetFile.open(held, connection);
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw new FormatError(`Cannot read "${held.path}" as Parquet: ${firstLine(error)}`, {
        cause: error,
      });
    } finally {
      connection.closeSync();
    }
  },

  async write(path, content): Promise<number> {
    const connection = await connect();
    const spool = `${path}.csv`;
    try {
      const longest = spoolRows(spool, content);
      const sql = `COPY (${contentSql(content, spool, longest)}) TO ${sqlString(path)} ` +
        `(FORMAT parquet, KV_METADATA ${metadataSql(content.metadata)})`;
      const [count] = (await columnsOf(await connection.run(sql)))[0]!;
      return Number(count);
    } finally {
      connection.closeSync();
      fs.rmSync(spool, { force: true });
    }
  },
};

class ParquetFile implements ColumnarFile {
  readonly columns: readonly Column[];
  readonly rowCount: number;
  readonly metadata: ReadonlyMap<string, string>;
  /** What stands for each column in SQL. */
  readonly expressions: ReadonlyMap<string, string>;
  /** The file as a table in SQL, as long as it is held. */
  readonly table: string;
  readonly #held: HeldFile;

  private constructor(
    held: HeldFile,
    file: string,
    rowCount: number,
    types: readonly (readonly [name: string, type: string])[],
    metadata: ReadonlyMap<string, string>,
  ) {
    this.#held = held;
    this.table = `read_parquet(${file})`;
    this.rowCount = rowCount;
    this.metadata = metadata;
    const read = types.map(([name, type]) => ({ name, ...readingOf(held.path, name, type) }));
    this.columns = read.map(({ name, kind }) => ({ name, kind }));
    this.expressions = new Map(read.map(({ name, sql }) => [name, sql]));
  }

  static async open(held: HeldFile, connection: Connection): Promise<ParquetFile> {
    const query = async (sql: string): Promise<unknown[][]> =>
      await columnsOf(await connection.run(sql));
    const file = sqlString(globEscaped(await pathOf(held, query)));
    const [counts] = await query(`SELECT num_rows FROM parquet_file_metadata(${file})`);
    // The client takes a byte order mark from the beginning of a text: there must be something before.
    const [names = [], types = []] = await query(
      `SELECT '.' || column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(${file}))`,
    );
    const [raw = []] = await query(`SELECT name FROM parquet_schema(${file})`);
    checkCase(held.path, raw as string[]);
    const [keys, values] = await query(
      `SELECT decode(key), decode(value) FROM parquet_kv_metadata(${file}) ` +
        `WHERE starts_with(decode(key), 'stet_')`,
    );
    const metadata = new Map(keys?.map((key, i) => [key as string, values![i] as string]));
    const pairs = names.map((name, i) => [String(name).slice(1), String(types[i])] as const);
    return new ParquetFile(held, file, Number(counts![0]), pairs, metadata);
  }

  async *batches(
    columns: readonly string[],
    start: number,
    end: number,
  ): AsyncGenerator<Batch> {
    if (columns.length === 0) {
      if (end > start) yield { length: end - start, columns: [] };
      return;
    }
    if (end <= start) return;
    const sql = columns.map((name) => this.expressions.get(name)!).join(", ");
    const part = start === 0 && end === this.rowCount
      ? ""
      : ` LIMIT ${end - start} OFFSET ${start}`;
    this.#held.hold();
    let connection: Connection | undefined;
    try {
      connection = await connect();
      const result = await connection.stream(`SELECT ${sql} FROM ${this.table}${part}`);
      const kinds = columns.map((name) => this.columns.find((it) => it.name === name)!.kind);
      for (;;) {
        const chunk = await result.fetchChunk();
        if (!chunk || chunk.rowCount === 0) return;
        const read = chunk.getColumns();
        yield {
          length: chunk.rowCount,
          columns: read.map((values, i) => values.map((value) => valueOf(value, kinds[i]!))),
        };
      }
    } finally {
      connection?.closeSync();
      this.#held.letGo();
    }
  }
}

/**
 * A path by which DuckDB finds a held file and no other. It opens a file anew for each thread that
 * scans it, and the store's name may then be that of another file, whose bytes it would read by the
 * first one's metadata.
 */
async function pathOf(
  held: HeldFile,
  query: (sql: string) => Promise<unknown[][]>,
): Promise<string> {
  const path = `/dev/fd/${held.fd}`;
  try {
    // Not on Windows, and in Deno before 2.8 the number is one of its own.
    const [size, time] = await query(
      `SELECT size, epoch(last_modified)::BIGINT FROM read_blob(${sqlString(path)})`,
    );
    const isIt = Number(size?.[0]) === held.size && Number(time?.[0]) === held.seconds;
    if (isIt) return path;
  } catch {
    // It is not there, or may not be read.
  }
  return copyOfHeld(held);
}

/** How a column of a type is read: an expression, and what it gives. */
function readingOf(
  path: string,
  name: string,
  type: string,
): { readonly sql: string; readonly kind: ColumnKind } {
  const column = sqlName(name);
  const instant = (at: string): string =>
    `regexp_replace(strftime(${at}::TIMESTAMP, '%Y-%m-%dT%H:%M:%S.%f'), '000$', '')`;
  switch (type.replace(/\(.*$/s, "")) {
    case "BIGINT":
      return { sql: column, kind: "integer" };
    case "TINYINT":
    case "SMALLINT":
    case "INTEGER":
    case "UTINYINT":
    case "USMALLINT":
    case "UINTEGER":
      return { sql: `${column}::BIGINT`, kind: "integer" };
    case "DOUBLE":
      return { sql: column, kind: "double" };
    case "FLOAT":
    case "DECIMAL":
      if (type.endsWith("[]")) break;
      return { sql: `${column}::DOUBLE`, kind: "double" };
    case "BOOLEAN":
      return { sql: column, kind: "boolean" };
    case "VARCHAR":
      return { sql: column, kind: "text" };
    case "UBIGINT":
    case "HUGEINT":
    case "UHUGEINT":
    case "UUID":
    case "DATE":
    case "TIME":
    case "ENUM":
      if (type.endsWith("[]")) break;
      return { sql: `${column}::VARCHAR`, kind: "text" };
    case "TIMESTAMP":
    case "TIMESTAMP_S":
    case "TIMESTAMP_MS":
    case "TIMESTAMP_NS":
      return { sql: instant(column), kind: "text" };
    case "TIMESTAMP WITH TIME ZONE":
      return { sql: `${instant(`(${column} AT TIME ZONE 'UTC')`)} || 'Z'`, kind: "text" };
  }
  throw new FormatError(
    `Cannot read "${path}" as a store: its column "${name}" is ${type}; columns must be numbers, ` +
      `booleans, text or times: write lists and structs as JSON text`,
  );
}

/** @throws {FormatError} If DuckDB would take columns for one another. */
function checkCase(path: string, [_, ...names]: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const name of names) {
    const other = seen.get(name.toLowerCase());
    if (other !== undefined) {
      throw new FormatError(
        `Cannot read "${path}" as a store: the columns ${other} and ${name} differ in case only; ` +
          `rename one of them`,
      );
    }
    seen.set(name.toLowerCase(), name);
  }
}

function valueOf(value: unknown, kind: ColumnKind): Value | undefined {
  if (value === null) return undefined;
  switch (kind) {
    case "integer": {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : value as bigint;
    }
    case "double":
      return value === 0 ? 0 : value as number; // not -0
    case "boolean":
      return value as boolean;
    case "text":
      return readCell(value as string);
  }
}

const TYPES: Readonly<Record<ColumnKind, string>> = {
  integer: "BIGINT",
  double: "DOUBLE",
  boolean: "BOOLEAN",
  text: "VARCHAR",
};

/** The rows to write, in SQL. */
function contentSql({ columns, base, gone }: Content, spool: string, longest: number): string {
  const selects: string[] = [];
  if (base) {
    const file = base as ParquetFile;
    const kinds = new Map(file.columns.map(({ name, kind }) => [name, kind]));
    const read = columns.map(({ name, kind }) => {
      const from = kinds.get(name);
      const sql = from ? converted(file.expressions.get(name)!, from, kind) : "NULL";
      return `(${sql})::${TYPES[kind]} AS ${sqlName(name)}`;
    });
    // No column of a store has an empty name.
    selects.push(
      gone.length === 0
        ? `SELECT ${read.join(", ")} FROM ${file.table}`
        : `SELECT * EXCLUDE _stet_row FROM (SELECT ${
          read.join(", ")
        }, row_number() OVER () - 1 AS ` +
          `_stet_row FROM ${file.table}) WHERE _stet_row NOT IN (SELECT unnest([${gone}])) ` +
          `ORDER BY _stet_row`,
    );
  }
  if (longest > 0 || selects.length === 0) {
    const read = columns.map(({ name, kind }, i) => `${typed(`c${i}`, kind)} AS ${sqlName(name)}`);
    const names = ["c: 'VARCHAR'", ...columns.map((_, i) => `c${i}: 'VARCHAR'`)];
    selects.push(
      `SELECT ${read.join(", ")} FROM read_csv(${sqlString(globEscaped(spool))}, ` +
        `auto_detect=false, header=false, delim=',', quote='"', escape='"', comment='', ` +
        `new_line='\\n', nullstr='', strict_mode=true, max_line_size=${Math.max(longest, 4096)}, ` +
        `columns={${names.join(", ")}})`,
    );
  }
  return selects.map((select) => `(${select})`).join(" UNION ALL ");
}

function converted(sql: string, from: ColumnKind, to: ColumnKind): string {
  if (from === to || to === "double") return sql;
  if (from === "boolean") return `CASE WHEN ${sql} THEN 'True' WHEN NOT ${sql} THEN 'False' END`;
  if (from === "integer") return sql;
  // As core/number_text.ts spells numbers.
  return `CASE WHEN isfinite(${sql}) AND ${sql} = trunc(${sql}) AND abs(${sql}) < ` +
    `9007199254740992 THEN (${sql})::BIGINT::VARCHAR ELSE (${sql})::VARCHAR END`;
}

/** The value of a cell, all of whose column are of a kind. */
function typed(cell: string, kind: ColumnKind): string {
  return kind === "text"
    ? cell
    : kind === "boolean"
    ? `${cell} = 'True'`
    : `${cell}::${TYPES[kind]}`;
}

/** Writes rows as CSV of cell text; the length of the longest line in bytes, at least; 0 if there is none. */
function spoolRows(path: string, { columns, added }: Content): number {
  let longest = 0;
  let text = "";
  const fd = fs.openSync(path, "wx", 0o600);
  try {
    for (const row of added) {
      const start = text.length;
      text += "0"; // a line is never empty, as that of a row without values would be
      for (const { name } of columns) {
        const value = Object.hasOwn(row, name) ? row[name] : undefined;
        text += value === undefined ? "," : `,${quotedCell(value)}`;
      }
      longest = Math.max(longest, 3 * (text.length - start)); // UTF-8 takes up to 3 bytes a unit
      text += "\n";
      if (text.length < CHUNK) continue;
      writeAll(fd, Buffer.from(text), null);
      text = "";
    }
    writeAll(fd, Buffer.from(text), null);
  } finally {
    fs.closeSync(fd);
  }
  return longest;
}

function quotedCell(value: Value): string {
  const cell = writeCell(value);
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function metadataSql(metadata: ReadonlyMap<string, string>): string {
  return `{${[...metadata].map(([key, value]) => `${key}: ${sqlString(value)}`).join(", ")}}`;
}

/** All values of a result, column by column; no column if it has no row. */
async function columnsOf(result: DuckDbResult): Promise<unknown[][]> {
  const columns: unknown[][] = [];
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) return columns;
    for (const [i, values] of chunk.getColumns().entries()) {
      columns[i] = [...columns[i] ?? [], ...values];
    }
  }
}

/** What DuckDB says, without where in the SQL. */
function firstLine(error: unknown): string {
  return messageOf(error).split("\n", 1)[0]!;
}

function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function sqlString(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A path that names only itself, where DuckDB takes patterns. */
function globEscaped(path: string): string {
  return path.replace(/[*?[]/g, "[$&]");
}
