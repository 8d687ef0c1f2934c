import type { DatabaseSync } from "node:sqlite";
import type { Key } from "../../core/keys/key.ts";
import type { TableColumns } from "../../core/contract/records_backend.ts";
import type { Row, Value } from "../../core/values/value.ts";
import type { RowKey } from "./key_lookup.ts";
import type { SqlValue } from "./sql_value.ts";
import type { Statements } from "./statements.ts";

/**
 * A table of an SQLite database in one of the forms of a store. It never opens, locks or commits: the store
 * does that around its calls. Without a database, and while the database lacks the table, it has no columns
 * and no rows.
 */
export interface Table {
  /** End of the name of the state file, after that of the database. */
  readonly stateSuffix: string;

  /**
   * Begins to use an open database, or none.
   *
   * @throws {StoreError} If the database is not a store of this form.
   */
  use(db: DatabaseSync | undefined): void;

  /** Forgets the columns read so far: a transaction that may have added some was undone. */
  forget(): void;

  /** Name of the table in SQL. */
  readonly name: string;

  /** Column with the time at which a row was recorded. */
  readonly time: string;

  /** Statements of the database in use. */
  readonly statements: Statements | undefined;

  /** Returns the columns that the table has now. */
  known(): ReadonlyMap<string, unknown>;

  /** Returns the columns in the order of the store. */
  columns(): readonly string[];

  /** Returns the value of a column; undefined (absent) for NULL. */
  decode(column: string, value: SqlValue): Value | undefined;

  /** Returns the types of the params' columns of a table of records. */
  types?(): TableColumns | undefined;

  /** @throws {StoreError} If no row of the table can have a key of this shape. */
  checkKey(key: Key): void;

  /**
   * Checks that a row with this key can be recorded in place of the one that was found.
   *
   * @throws {TypeError} If not.
   */
  checkFits(key: Key, found: Row | undefined): void;

  /** Returns cells of the newest row with exactly this key, or undefined. There may be more than asked for. */
  look(key: RowKey, looked: Looked): Row | undefined;

  /**
   * Returns the change after which the table has these columns and can hold these rows, or undefined if it
   * already can. It runs in a transaction.
   */
  extension(columns: readonly string[], rows: readonly Row[]): (() => void) | undefined;

  /** Adds a row, which is the table's from then on. */
  insert(row: Row): void;

  /** Removes the rows with exactly this key, and returns their number. */
  delete(key: RowKey): number;

  /** Removes rows that equal an earlier one, and returns their number. */
  deleteRepeats(): number;
}

/** Cells that a lookup reads: none, the source, the saved result and the source, or all. */
export type Looked = "none" | "source" | "result" | "all";
