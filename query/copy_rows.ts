import { writeCell } from "../core/values/cell.ts";
import type { Engine, ValueBatch } from "../core/contract/engine.ts";
import { YieldTimer } from "../core/runtime/yield_timer.ts";
import type { DuckDb, DuckDbAppender, DuckDbVector } from "../duckdb/duckdb.ts";
import { ColumnTypeFinder } from "../duckdb/column_type.ts";
import type { ViewColumn } from "./runs_view.ts";
import type { Session } from "./session.ts";
import { typedCell } from "../duckdb/typed_cell.ts";

/** Name of the table of copied rows. */
export const COPIED = "copied";

/** Maximum number of rows of a chunk of DuckDB. */
const CHUNK_ROWS = 2048;

/** A column that is copied: numbers as DOUBLE, anything else as cell text. */
interface Copied {
  readonly name: string;
  readonly isText: boolean;
  readonly finder: ColumnTypeFinder;
}

/**
 * Copies the rows of a store into the table {@linkcode COPIED}, and returns the columns with the SQL of
 * their values, typed by all values.
 *
 * @param names The columns to copy.
 * @param check Called for each batch; it throws to stop.
 * @param valueOf Returns the SQL of the value of a cell. Default: the value that the store has.
 */
export async function copyRows(
  backend: Pick<Engine, "valueBatches">,
  session: Session,
  names: readonly string[],
  check: () => void,
  valueOf = typedCell,
): Promise<readonly ViewColumn[]> {
  // A column that has other values after numbers is copied again, as text.
  const texts = new Set<string>();
  for (;;) {
    const columns = await copied(backend, session, names, texts, check);
    if (columns) return columns.map((column, i) => viewColumn(column, i, valueOf));
  }
}

/** Returns undefined if a column must be text; it is in `texts` then. */
async function copied(
  backend: Pick<Engine, "valueBatches">,
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
      for (let at = 0; at < batch.length; at += CHUNK_ROWS) {
        const rows = batch.slice(at, at + CHUNK_ROWS);
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

/** Appender of the table. */
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

  /** Appends rows and returns the names of the columns in which not all values fit. */
  append(rows: ValueBatch): string[] {
    const chunk = this.#chunk;
    chunk.reset();
    chunk.rowCount = rows.length;
    const misfits = this.columns.filter((column, i) => {
      const vector = chunk.getColumnVector(i);
      const isFit = setValues(vector, rows, i, column);
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
  rows: ValueBatch,
  texts: ReadonlySet<string>,
): readonly Copied[] {
  return names.map((name, i) => {
    const first = rows.find((row) => row[i] !== undefined && row[i] !== null)?.[i];
    const isText = typeof first !== "number" || texts.has(name);
    return { name, isText, finder: new ColumnTypeFinder(name) };
  });
}

/** Sets the values of a column of a chunk; false if one does not fit. */
function setValues(
  vector: DuckDbVector,
  rows: ValueBatch,
  column: number,
  { isText, finder }: Copied,
): boolean {
  for (let i = 0; i < rows.length; i++) {
    const value = rows[i]![column];
    if (value === undefined || value === null) vector.setItem(i, null);
    else if (isText || typeof value === "number") {
      finder.add(value);
      vector.setItem(i, isText ? writeCell(value) : value as number);
    } else return false;
  }
  return true;
}

function viewColumn(
  { name, isText, finder }: Copied,
  i: number,
  valueOf: typeof typedCell,
): ViewColumn {
  const { type } = finder;
  if (isText) return { name, value: valueOf(`c${i}`, type) };
  return { name, value: type.kind === "integer" ? `c${i}::BIGINT` : `c${i}` };
}
