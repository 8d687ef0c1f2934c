import type { DuckDb, DuckDbResult, DuckDbType } from "../duckdb/duckdb.ts";
import { setView, type View } from "../core/display/set_view.ts";
import { type PlainValue, plainValues } from "./plain_value.ts";

/** Maximum number of rows that a console shows. */
const MAX_SHOWN = 20;

/** A column of a result. */
export interface QueryColumn {
  /** Its name, unique in the result. */
  readonly name: string;
  /** Its SQL type: `BIGINT`, `DOUBLE`, `VARCHAR`, `STRUCT(…)` … */
  readonly type: string;
}

/** A row of a result. */
export type QueryRow = { [column: string]: PlainValue };

/**
 * Result of SQL: its columns, and its rows, which can be read once, all together or one by one. It closes at
 * the end of the rows, or when the loop over them is left.
 */
export class QueryResult implements AsyncIterable<QueryRow> {
  /** The columns, in order. */
  readonly columns: readonly QueryColumn[];
  /** DuckDB itself, for writers of formats. */
  readonly duckdb: DuckDb;
  readonly #result: DuckDbResult;
  readonly #maxRows: number;
  readonly #free: () => void;
  #isCut = false;
  #isClosed = false;

  static {
    setView(this.prototype, (result) => result.#view());
  }

  /** Made by `query`. */
  constructor(duckdb: DuckDb, result: DuckDbResult, maxRows: number, free: () => void) {
    this.duckdb = duckdb;
    this.#result = result;
    this.#maxRows = maxRows;
    this.#free = free;
    const types = result.columnTypes();
    this.columns = result.deduplicatedColumnNames()
      .map((name, i) => ({ name, type: String(types[i]) }));
  }

  /** The types of the columns as DuckDB's client gives them, for writers of formats. */
  get types(): readonly DuckDbType[] {
    return this.#result.columnTypes();
  }

  /** True if there were more rows than `maxRows`; known when the rows have been read. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Returns all rows. */
  async rows(): Promise<QueryRow[]> {
    const rows: QueryRow[] = [];
    for await (const row of this) rows.push(row);
    return rows;
  }

  /** Iterates over the rows. */
  async *[Symbol.asyncIterator](): AsyncGenerator<QueryRow> {
    const names = this.columns.map(({ name }) => name);
    for await (const columns of this.batches()) {
      const count = columns[0]?.length ?? 0;
      for (let i = 0; i < count; i++) {
        yield Object.fromEntries(names.map((name, j) => [name, columns[j]![i]!]));
      }
    }
  }

  /** Iterates over batches of some thousand rows: arrays of the values of each column. */
  async *batches(): AsyncGenerator<readonly (readonly PlainValue[])[]> {
    const plain = plainValues(this.duckdb);
    const { types } = this;
    for await (const columns of this.chunks()) {
      yield columns.map((values, i) => values.map((value) => plain(value, types[i]!)));
    }
  }

  /** Iterates over the same batches in values of DuckDB's client, for writers of formats. */
  async *chunks(): AsyncGenerator<readonly (readonly unknown[])[]> {
    let left = this.#maxRows;
    // To the last row, and not until a chunk is missing: one that is missing makes Deno 2.9.5 crash
    // when it ends (https://github.com/denoland/deno/issues/36538).
    let unread = this.#result.rowCount;
    try {
      while (unread > 0) {
        if (left === 0) {
          this.#isCut = true;
          return;
        }
        const chunk = (await this.#result.fetchChunk())!;
        unread -= chunk.rowCount;
        const count = Math.min(left, chunk.rowCount);
        if (count < chunk.rowCount) this.#isCut = true;
        left -= count;
        const columns = chunk.getColumns();
        yield this.#isCut ? columns.map((values) => values.slice(0, count)) : columns;
        if (this.#isCut) return;
      }
    } finally {
      this.close();
    }
  }

  /** Frees the database; for results that are not read to their end. */
  close(): void {
    this.#isClosed = true;
    this.#free();
  }

  /**
   * Returns the first rows of a result that is not closed, some thousand at most; they are still read.
   *
   * @internal
   */
  firstRows(most: number): QueryRow[] {
    const count = Math.min(this.#rowCount, most);
    if (this.#isClosed || count === 0) return [];
    const { types } = this;
    const plain = plainValues(this.duckdb);
    const columns = this.#result.getChunk(0).getColumns();
    return Array.from({ length: Math.min(count, columns[0]!.length) }, (_, i) =>
      Object.fromEntries(
        this.columns.map(({ name }, j) => [name, plain(columns[j]![i], types[j]!)]),
      ));
  }

  get #rowCount(): number {
    return Math.min(this.#result.rowCount, this.#maxRows);
  }

  /** The first rows, until the result is closed. */
  #view(): View {
    const names = this.columns.map(({ name }) => name);
    const count = this.#rowCount;
    const size = `${count} rows of ${names.join(", ")}`;
    if (this.#isClosed) return { title: `${size}; they were read` };
    const rest = count > MAX_SHOWN ? `, the first ${MAX_SHOWN}` : "";
    return {
      title: `${size}${rest}; read them: await result.rows()`,
      columns: names,
      rows: this.firstRows(MAX_SHOWN),
    };
  }
}
