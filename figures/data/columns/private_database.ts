import { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../../core/errors.ts";
import type { SqlValue } from "./sql_value.ts";

/**
 * An SQLite database of this process only. SQLite keeps it in a file without a name, outside the memory
 * of the process but for a cache of 16 MB; the operating system removes it with the process.
 */
export class PrivateDatabase {
  readonly #db = openPrivate();

  constructor() {
    this.#db.exec(
      "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16384",
    );
  }

  /** Runs a statement without parameters and rows. */
  exec(text: string): void {
    this.#db.exec(text);
  }

  /** Prepares a statement. Its rows are arrays; integers come as bigints. */
  prepare(text: string): PrivateStatement {
    const statement = this.#db.prepare(text);
    statement.setReadBigInts(true);
    const arrays = statement as unknown as PrivateStatement;
    arrays.setReturnArrays(true);
    return arrays;
  }

  /** Closes the database, and so removes it. */
  close(): void {
    this.#db.close();
  }
}

/** A prepared statement, with types that not all runtimes have yet. */
export interface PrivateStatement {
  setReturnArrays(enabled: boolean): void;
  run(...values: readonly SqlValue[]): unknown;
  get(...values: readonly SqlValue[]): readonly SqlValue[] | undefined;
  /** No other statement may run before the last row. */
  iterate(...values: readonly SqlValue[]): Iterable<readonly SqlValue[]>;
}

/** Opens a file without a name; a database in memory where Deno insists on a path. */
function openPrivate(): DatabaseSync {
  try {
    return new DatabaseSync("");
  } catch (error) {
    if (!/Empty path/.test(messageOf(error))) throw error;
    return new DatabaseSync(":memory:");
  }
}
