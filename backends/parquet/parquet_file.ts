import { FormatError } from "../../core/errors.ts";
import { verifyParquet } from "../../packages/parquet_checksum.ts";
import { globEscaped, sqlName, sqlString } from "../../duckdb/sql_text.ts";
import {
  type Batch,
  caseTwins,
  type Column,
  type ColumnarFile,
} from "../columnar/columnar_format.ts";
import { copyOfHeld } from "../files/copy_of_held.ts";
import { connect, withConnection } from "../../duckdb/connect.ts";
import type { DuckDbConnection } from "../../duckdb/duckdb.ts";
import type { HeldFile } from "../files/held_file.ts";
import { storedValue } from "../columnar/column_kind.ts";
import { unreadable } from "../columnar/unreadable.ts";

/** A column of a file as an expression in SQL. NULL is an absent value. */
interface ColumnRead extends Column {
  readonly sql: string;
}

/** A Parquet file that is held open, as DuckDB reads it. */
export class ParquetFile implements ColumnarFile {
  readonly columns: readonly Column[];
  readonly rowCount: number;
  readonly metadata: ReadonlyMap<string, string>;
  readonly isRewritten: boolean;
  /** The columns, each with its expression in SQL: files of other programs have other types. */
  readonly reads: readonly ColumnRead[];
  /** The file as a table in SQL, as long as it is held. */
  readonly table: string;
  readonly #held: HeldFile;

  private constructor(
    held: HeldFile,
    path: string,
    facts: Pick<ColumnarFile, "isRewritten" | "rowCount" | "metadata">,
    types: readonly (readonly [name: string, type: string])[],
  ) {
    this.#held = held;
    this.table = `read_parquet(${sqlString(path)})`;
    this.rowCount = facts.rowCount;
    this.metadata = facts.metadata;
    this.isRewritten = facts.isRewritten;
    this.reads = types.map(([name, type]) => ({ name, ...readingOf(held.path, name, type) }));
    this.columns = this.reads.map(({ name, kind }) => ({ name, kind }));
  }

  /** @throws {FormatError} If it is damaged, or has a column that a store cannot have. */
  static async open(held: HeldFile): Promise<ParquetFile> {
    try {
      const isRewritten = verifyParquet(held.fd, held.size); // before DuckDB sees the file
      return await withConnection((connection) => ParquetFile.#open(held, isRewritten, connection));
    } catch (error) {
      throw unreadable(held.path, "Parquet", error);
    }
  }

  static async #open(
    held: HeldFile,
    isRewritten: boolean,
    connection: DuckDbConnection,
  ): Promise<ParquetFile> {
    const query = async (sql: string): Promise<unknown[][]> =>
      await (await connection.run(sql)).getColumns();
    const path = globEscaped(await pathOf(held, query));
    const file = sqlString(path);
    // The client takes a byte order mark from the beginning of a text: there must be something before.
    const [names = []] = await query(`SELECT '.' || name FROM parquet_schema(${file})`);
    const twins = caseTwins(names.slice(1).map((name) => String(name).slice(1)));
    if (twins) { // DuckDB takes them for one
      throw new FormatError(
        `Cannot read "${held.path}" as a store: the columns ${twins.join(" and ")} differ ` +
          `in case only; rename one of them`,
      );
    }
    const [[rowCount] = []] = await query(`SELECT num_rows FROM parquet_file_metadata(${file})`);
    const [keys = [], values = []] = await query(
      `SELECT decode(key), decode(value) FROM parquet_kv_metadata(${file}) ` +
        `WHERE hex(key) LIKE hex('stet_'::BLOB) || '%'`,
    );
    const metadata = new Map(keys.map((key, i) => [String(key), String(values[i])]));
    const [columns = [], types = []] = await query(
      `SELECT '.' || column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(${file}))`,
    );
    return new ParquetFile(
      held,
      path,
      { isRewritten, rowCount: Number(rowCount), metadata },
      columns.map((name, i) => [String(name).slice(1), String(types[i])]),
    );
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
    const read = columns.map((name) => this.reads.find((it) => it.name === name)!);
    const sql = read.map(({ sql }) => sql).join(", ");
    const part = start === 0 && end === this.rowCount
      ? ""
      : ` LIMIT ${end - start} OFFSET ${start}`;
    this.#held.retain();
    let connection: DuckDbConnection | undefined;
    try {
      connection = await connect();
      const result = await connection.stream(`SELECT ${sql} FROM ${this.table}${part}`);
      for (let left = end - start;;) {
        const chunk = await result.fetchChunk();
        if (!chunk || chunk.rowCount === 0) {
          // DuckDB can pass over damaged pages without an error.
          if (left > 0) throw new Error(`${left} of its rows are missing`);
          return;
        }
        left -= chunk.rowCount;
        const values = chunk.getColumns();
        yield {
          length: chunk.rowCount,
          columns: read.map(({ kind }, i) => values[i]!.map((value) => storedValue(value, kind))),
        };
      }
    } catch (error) {
      throw unreadable(this.#held.path, "Parquet", error);
    } finally {
      connection?.closeSync();
      this.#held.release();
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

/** Returns the expression that reads a column of a type, and the kind of its values. */
function readingOf(path: string, name: string, type: string): Omit<ColumnRead, "name"> {
  const column = sqlName(name);
  const instant = (at: string): string =>
    `regexp_replace(strftime(${at}::TIMESTAMP, '%Y-%m-%dT%H:%M:%S.%f'), '000$', '')`;
  switch (type.endsWith("[]") ? "" : type.replace(/\(.*$/s, "")) {
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
