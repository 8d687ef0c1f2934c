import { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../core/errors.ts";
import { BoundedMap } from "../bounded_map.ts";
import type { SqlValue } from "./mirror_value.ts";

/** The size of the statement cache. */
const MAX_STATEMENTS = 100;

type Statement = ReturnType<DatabaseSync["prepare"]>;

/** Not in the types of all runtimes yet. */
interface ArrayStatement extends Statement {
  setReturnArrays(enabled: boolean): void;
}

/**
 * An SQLite database of this process only. SQLite keeps it in a file without a name, outside the memory
 * of the process but for a cache of 16 MB; the operating system removes it with the process.
 */
export class PrivateDatabase {
  readonly #db = openPrivate();
  readonly #statements = new BoundedMap<Statement>(MAX_STATEMENTS);

  constructor() {
    this.#db.exec(
      "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16384; " +
        "PRAGMA temp_store = MEMORY",
    );
  }

  /** Changes the schema. */
  alter(text: string): void {
    this.#statements.clear();
    this.#db.exec(text);
  }

  /** Runs a statement that gives no rows. */
  run(text: string, values: readonly SqlValue[]): void {
    this.#prepared(text).run(...values as never[]);
  }

  /** Returns the rows of a statement as arrays. Integers come as bigints. */
  all(text: string, values: readonly SqlValue[] = []): SqlValue[][] {
    return this.#prepared(text).all(...values as never[]) as unknown as SqlValue[][];
  }

  /** The same, one row at a time: no other statement may run before the last. */
  each(text: string, values: readonly SqlValue[] = []): Iterable<SqlValue[]> {
    return this.#prepared(text).iterate(...values as never[]) as unknown as Iterable<SqlValue[]>;
  }

  /** Closes the database, and so removes it. */
  close(): void {
    this.#statements.clear();
    this.#db.close();
  }

  #prepared(text: string): Statement {
    let statement = this.#statements.get(text);
    if (statement) return statement;
    statement = this.#db.prepare(text);
    statement.setReadBigInts(true);
    (statement as ArrayStatement).setReturnArrays(true);
    this.#statements.set(text, statement);
    return statement;
  }
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
