import { writeCell } from "../core/values/cell.ts";
import type { Engine } from "../core/contract/engine.ts";
import type { Value } from "../core/values/value.ts";
import { YieldTimer } from "../core/runtime/yield_timer.ts";
import type { DuckDb, DuckDbAppender, DuckDbVector } from "../duckdb/duckdb.ts";
import { ColumnTypeFinder } from "../duckdb/column_type.ts";
import type { ViewColumn } from "./runs_view.ts";
import type { Session } from "./session.ts";
import { typedCell } from "../duckdb/typed_cell.ts";

/** The table that rows are copied to. */
export const COPIED = "copied";

/** The most rows that DuckDB takes at a time. */
const CHUNK = 2048;

/** Values of the columns of some rows; undefined where absent. */
type Rows = readonly (readonly (Value | undefined)[])[];

/** A column that is copied: numbers as DOUBLE, anything else as cell text. */
interface Copied {
  readonly name: string;
  readonly isText: boolean;
  readonly finder: ColumnTypeFinder;
}

/**
 * Copies the rows that a store has now into the table {@linkcode COPIED}, and gives the columns, with the
 * SQL of their values, typed by all values there are.
 *
 * @param names The columns to copy.
 * @param check Is called now and then; it throws to stop.
 */
export async function copyRows(
  backend: Engine,
  session: Session,
  names: readonly string[],
  check: () => void,
): Promise<readonly ViewColumn[]> {
  // Columns that began with numbers and went on with something else: from the beginning, as text.
  const texts = new Set<string>();
  for (;;) {
    const columns = await copied(backend, session, names, texts, check);
    if (columns) return columns.map(viewColumn);
  }
}

/** Undefined if a column is to be text; it is in `texts` then. */
async function copied(
  backend: Engine,
  session: Session,
  names: readonly string[],
  texts: Set<string>,
  check: () => void,
): Promise<readonly Copied[] | undefined> {
  let table: Table | undefined;
  try {
    const timer = new YieldTimer();
    for await (const batch of backend.valueBatches(names)) {
      if (timer.isDue()) await timer.yield();
      check();
      for (let at = 0; at < batch.length; at += CHUNK) {
        const rows = batch.slice(at, at + CHUNK);
        table ??= await Table.create(session, columnsOf(names, rows, texts));
        for (const name of table.append(rows)) texts.add(name);
        if (table.columns.some(({ name, isText }) => !isText && texts.has(name))) return undefined;
      }
    }
    table ??= await Table.create(session, columnsOf(names, [], texts));
    return table.columns;
  } finally {
    table?.close();
  }
}

/** The table while rows are added to it. */
class Table {
  readonly columns: readonly Copied[];
  readonly #appender: DuckDbAppender;
  readonly #chunk: ReturnType<DuckDb["DuckDBDataChunk"]["create"]>;

  private constructor({ duckdb }: Session, columns: readonly Copied[], appender: DuckDbAppender) {
    this.columns = columns;
    this.#appender = appender;
    const types = columns.map(({ isText }) => isText ? duckdb.VARCHAR : duckdb.DOUBLE);
    this.#chunk = duckdb.DuckDBDataChunk.create(types.length > 0 ? types : [duckdb.DOUBLE]);
  }

  static async create(session: Session, columns: readonly Copied[]): Promise<Table> {
    const { connection } = session;
    const types = columns.map(({ isText }, i) => `c${i} ${isText ? "VARCHAR" : "DOUBLE"}`);
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE ${COPIED} (${types.join(", ") || "nothing DOUBLE"})`,
    );
    return new Table(session, columns, await connection.createAppender(COPIED, "main", "temp"));
  }

  /** Adds rows; the names of the columns in which not all values fit. */
  append(rows: Rows): string[] {
    const chunk = this.#chunk;
    chunk.reset();
    chunk.rowCount = rows.length;
    const misfits = this.columns.filter((column, i) => {
      const vector = chunk.getColumnVector(i);
      const isFit = column.isText
        ? setTexts(vector, rows, i, column.finder)
        : setNumbers(vector, rows, i, column.finder);
      vector.flush();
      return !isFit;
    });
    this.#appender.appendDataChunk(chunk);
    return misfits.map(({ name }) => name);
  }

  close(): void {
    this.#appender.closeSync();
  }
}

function columnsOf(
  names: readonly string[],
  rows: Rows,
  texts: ReadonlySet<string>,
): readonly Copied[] {
  return names.map((name, i) => {
    const first = rows.find((row) => row[i] !== undefined && row[i] !== null)?.[i];
    const isText = typeof first !== "number" || texts.has(name);
    return { name, isText, finder: new ColumnTypeFinder(name) };
  });
}

function setNumbers(
  vector: DuckDbVector,
  rows: Rows,
  column: number,
  finder: ColumnTypeFinder,
): boolean {
  for (let i = 0; i < rows.length; i++) {
    const value = rows[i]![column];
    if (typeof value === "number") {
      finder.add(value);
      vector.setItem(i, value);
    } else if (value === undefined || value === null) vector.setItem(i, null);
    else return false;
  }
  return true;
}

function setTexts(
  vector: DuckDbVector,
  rows: Rows,
  column: number,
  finder: ColumnTypeFinder,
): boolean {
  for (let i = 0; i < rows.length; i++) {
    const value = rows[i]![column];
    if (value === undefined || value === null) vector.setItem(i, null);
    else {
      finder.add(value);
      vector.setItem(i, writeCell(value));
    }
  }
  return true;
}

function viewColumn({ name, isText, finder }: Copied, i: number): ViewColumn {
  const { type } = finder;
  if (isText) return { name, value: typedCell(`c${i}`, type) };
  return { name, value: type.kind === "integer" ? `c${i}::BIGINT` : `c${i}` };
}
