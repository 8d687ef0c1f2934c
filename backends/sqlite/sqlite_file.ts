import fs from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { closeAfter } from "../../core/runtime/close_after.ts";
import { messageOf, StoreError } from "../../core/errors.ts";
import { atExit, notAtExit } from "../../core/runtime/at_exit.ts";
import { checkOwnFile } from "../files/check_own_file.ts";
import { accessBeside, giveAccess } from "../files/side_file.ts";
import { explaining } from "../files/system_error.ts";
import { inodeOf } from "../state/inode_pin.ts";
import { isBusy } from "../state/state_database.ts";
import type { StateFile } from "../state/state_file.ts";
import type { StoreClaims } from "../state/store_claims.ts";
import { checkWhole, sqliteError } from "./sqlite_errors.ts";
import type { Table } from "./table.ts";

/** Time for which the open file is taken for the one of its path, in milliseconds. */
const FRESH_MS = 100;

/** Maximum number of tries, each ended by a replacement of the file. */
const MAX_TRIES = 10;

/** Maximum number of tries to end the log while other processes read the database. */
const MAX_LOG_TRIES = 5;

/** An open database. */
export interface Connection {
  readonly db: DatabaseSync;
  readonly inode: number;
  /** True once it writes to a log. */
  isWriter: boolean;
  /** Number of transactions begun: each may have removed rows. */
  transactions: number;
}

/**
 * The database file of a store. It is opened at its first use, and again after the file was replaced. SQLite's
 * own transactions are its lock. Errors of SQLite leave it as they are.
 */
export class SqliteFile {
  readonly path: string;
  readonly #table: Table;
  readonly #claims: StoreClaims;
  readonly #isSynced: boolean;
  #connection: Connection | undefined;
  /** The connection that was found fit to write. */
  #writable: Connection | undefined;
  /** Time of the last check of the inode. */
  #checked = -Infinity;
  #ended: StoreError | undefined;
  readonly #leave = (): void => this.#closeNow();

  constructor(path: string, table: Table, claims: StoreClaims, isSynced: boolean) {
    this.path = path;
    this.#table = table;
    this.#claims = claims;
    this.#isSynced = isSynced;
  }

  get #state(): StateFile {
    return this.#claims.state;
  }

  /** Returns the open database, or undefined while there is no file. */
  open(): Connection | undefined {
    if (this.#ended) throw this.#ended;
    const now = performance.now();
    if (this.#connection && now - this.#checked < FRESH_MS) return this.#connection;
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      const inode = inodeOf(this.path);
      if (this.#connection?.inode !== inode) this.#disconnect();
      this.#checked = now;
      if (inode === undefined) return undefined;
      this.#connection ??= this.#connect(inode);
      if (this.#isCurrent(this.#connection)) return this.#connection;
    }
    throw this.#replacedError();
  }

  #connect(inode: number): Connection {
    let db: DatabaseSync | undefined;
    try {
      db = openDatabase(this.path);
      // EXTRA: where no log can be used, the deletion of a journal commits, and FULL would not
      // sync that.
      const synchronous = this.#isSynced ? "EXTRA" : "OFF";
      db.exec(`PRAGMA busy_timeout = 0; PRAGMA synchronous = ${synchronous}`);
      checkWhole(db, this.path);
      this.#table.use(db);
      return { db, inode, isWriter: false, transactions: 0 };
    } catch (error) {
      this.#table.use(undefined);
      db?.close();
      throw error;
    }
  }

  /** True if the open file is still the one of its path. */
  #isCurrent({ inode }: Connection): boolean {
    return inodeOf(this.path) === inode;
  }

  #replacedError(): StoreError {
    return new StoreError(
      `Cannot use store "${this.path}": at each look it is another file, replaced by another program or ` +
        `on a file system without lasting inode numbers (FUSE); keep it on a local disk`,
    );
  }

  /** Runs a body that adds rows, again if the file was deleted meanwhile. The file is made if need be. */
  write(body: () => void): void {
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      const connection = this.open() ?? this.#create();
      this.#beginLog(connection);
      body();
      if (this.#isCurrent(connection)) return;
      this.#disconnect(); // the rows were deleted with the file
    }
    throw this.#replacedError();
  }

  #create(): Connection {
    const access = accessBeside(this.path, this.#state.path);
    new DatabaseSync(this.path).close(); // not with fs: that would drop the locks of other threads
    giveAccess(this.path, access);
    this.#checked = -Infinity;
    return this.open()!;
  }

  /** Runs a body in one transaction of the open database, which may be a part of another. */
  transaction<T>(body: () => T): T {
    const connection = this.#connection!;
    const { db } = connection;
    if (db.isTransaction) return body();
    this.#beginLog(connection);
    connection.transactions++;
    db.exec("BEGIN IMMEDIATE");
    try {
      const result = body();
      db.exec("COMMIT");
      return result;
    } catch (error) {
      this.#table.forget();
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }

  /** Writes to a log (WAL) while the store is in use: a tenth of the syncs, and no waiting. */
  #beginLog(connection: Connection): void {
    if (connection.isWriter) return;
    this.#checkOwn();
    connection.isWriter = true;
    tryJournalMode(connection.db, "WAL");
    if (this.#connection === connection) atExit(this.#leave);
  }

  /** Checks before a run, whose result would be lost, that a row can be written, as far as can be known. */
  checkWritable(): void {
    const connection = this.open();
    if (!connection || connection === this.#writable) return;
    this.#checkOwn();
    const { db } = connection;
    db.exec("BEGIN IMMEDIATE"); // without an error, if the file may only be read
    try {
      db.exec("PRAGMA user_version = 0");
    } finally {
      if (db.isTransaction) db.exec("ROLLBACK");
    }
    this.#writable = connection;
  }

  #checkOwn(): void {
    const found = fs.statSync(this.path, { throwIfNoEntry: false });
    if (found) checkOwnFile(this.path, found); // else it was just deleted, and is made again
  }

  /** Closes the database and the state file. Later calls are errors. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = new StoreError(`Cannot use store "${this.path}": it was closed; open it again`);
    const closing = `Cannot close store "${this.path}"`;
    await closeAfter(
      () => explaining(closing, this.path, () => this.#endLog()),
      () => explaining(closing, this.path, () => this.#disconnect()),
      () => this.#state.leave(),
      () => this.#claims.end(this.#ended),
    );
  }

  /** Closes the database until it is used again. */
  #disconnect(): void {
    notAtExit(this.#leave);
    const { db, isWriter } = this.#connection ?? {};
    this.#connection = undefined;
    this.#checked = -Infinity;
    this.#table.use(undefined);
    try {
      // One plain file again, which can be read where nothing can be written.
      if (db && isWriter && inodeOf(this.path) !== undefined) tryJournalMode(db, "DELETE");
    } catch (error) {
      throw sqliteError(this.path, error); // as of a full disk: the log stays, with its rows
    } finally {
      db?.close();
    }
  }

  /**
   * Closes the database, and ends its log if no other process has it open. Under the lock of the state file: of
   * two that do so at once, each would find the other, and the log would be left.
   */
  async #endLog(): Promise<void> {
    if (!this.#connection?.isWriter) return;
    await this.#state.lock(() => this.#disconnect());
    // A process that has it open for a moment, to read it, takes no lock.
    for (let i = 0; i < MAX_LOG_TRIES && fs.existsSync(`${this.path}-wal`); i++) {
      await new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * 9));
      await this.#state.lock(() => {
        if (inodeOf(this.path) === undefined) return;
        const db = new DatabaseSync(this.path);
        try {
          db.exec("PRAGMA busy_timeout = 0");
          tryJournalMode(db, "DELETE");
        } finally {
          db.close();
        }
      });
    }
  }

  /** Closes the database at the end of the process, when nothing can be awaited. */
  #closeNow(): void {
    try {
      this.#state.lockNow(() => this.#disconnect());
    } catch (error) {
      if (fs.existsSync(this.path)) throw error; // else its folder is gone, as those of tests are
    } finally {
      this.#disconnect();
      this.#state.leaveNow();
    }
  }
}

/** Opens a database, read-only where nothing else is permitted. */
function openDatabase(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path);
  } catch (error) {
    if (!/write access/.test(messageOf(error))) throw error; // Deno without --allow-write
    return new DatabaseSync(path, { readOnly: true });
  }
}

/** Changes how the database is journaled; it stays as it is if another process has it open. */
function tryJournalMode(db: DatabaseSync, mode: "WAL" | "DELETE"): void {
  try {
    db.exec(`PRAGMA journal_mode = ${mode}`);
  } catch (error) {
    if (!isBusy(error) && !/readonly/.test(messageOf(error))) throw error;
  }
}
