import { Buffer } from "node:buffer";
import fs from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf, StoreError } from "../../core/errors.ts";
import { accessBeside, giveAccess, irreplaceable } from "../files/side_file.ts";
import {
  isSystemError,
  isUnwritable,
  MAX_SQLITE_PATH_BYTES,
  removeFile,
  systemError,
} from "../files/system_error.ts";
import { checkInodes, inodeOf, pinInode, unpinned } from "./inode_pin.ts";

/** Maximum length of what a file next to the state file has after its name: "-pin-", a time, "-", an id. */
const MAX_SUFFIX_BYTES = 35;

/** Maximum number of attempts, each undone by another process that left or came. Then the lock counts as taken. */
const MAX_ATTEMPTS = 100;
/** Number of attempts after which the inode numbers of the file system are checked. */
const TRUSTED_ATTEMPTS = 10;

/** Version 2 notes the time of claims. Version 1 is used as it is: processes of an earlier stet may have it open. */
const SCHEMA_VERSION = 2;
const EARLIER_VERSION = 1;
const SCHEMA = `
  CREATE TABLE owners (id TEXT PRIMARY KEY, pid INTEGER, host TEXT, since TEXT) WITHOUT ROWID;
  CREATE TABLE claims (key TEXT PRIMARY KEY, owner TEXT, since INTEGER) WITHOUT ROWID;
  CREATE TABLE failures (
    key TEXT PRIMARY KEY, params TEXT, error TEXT, stack TEXT, attempt INTEGER, time TEXT, host TEXT
  ) WITHOUT ROWID;
  PRAGMA user_version = ${SCHEMA_VERSION};`;

const UPGRADE = `
  ALTER TABLE claims ADD COLUMN since INTEGER;
  PRAGMA user_version = ${SCHEMA_VERSION};`;

/** Prepared statements of one connection. */
export type Statements = ReturnType<typeof prepare>;

/** The open database. */
export interface Connection {
  readonly db: DatabaseSync;
  readonly statements: Statements;
  readonly inode: number;
  /** Error of writing, if the file may only be read. Its lock then keeps out writers, but not other readers. */
  readonly readOnly: StoreError | undefined;
}

/**
 * The database of a state file: opened, locked, mended and unlinked by many processes at once.
 *
 * The last process to leave unlinks the file. A process that still has it open shares the name of its journal
 * with the next file, and SQLite may take the new one's journal for its own. So nothing is written before the
 * path is seen, under the lock, to name this file; and errors of an unlinked file do not count.
 *
 * A SQLite file must never be opened with `fs`: closing that descriptor drops the locks that this
 * process holds on it (https://sqlite.org/howtocorrupt.html, section 2.2).
 */
export class StateDatabase {
  readonly path: string;
  readonly #store: string;
  readonly #opened: () => void;
  readonly #undone: () => void;
  #connection: Connection | undefined;

  /**
   * @param store The store's path: the state file gets its mode and group.
   * @param opened Is called when the file was opened.
   * @param undone Is called when the changes of a body were undone.
   */
  constructor(path: string, store: string, opened: () => void, undone: () => void) {
    this.path = path;
    this.#store = store;
    this.#opened = opened;
    this.#undone = undone;
  }

  /** The open database; undefined before the first lock. */
  get connection(): Connection | undefined {
    return this.#connection;
  }

  /**
   * Runs a body under the lock, and returns its result in a box; undefined if another process has the lock.
   *
   * A page may turn out to be unreadable in the body, if a process was killed while it made the tables. The
   * file is then moved to the quarantine, and the body runs again: it finds its own changes of the store.
   */
  tryLock<T>(body: () => T): { readonly result: T } | undefined {
    for (let attempt = 0; this.begin(); attempt++) {
      const { inode } = this.#connection!;
      try {
        return { result: this.finish(body) };
      } catch (error) {
        if (attempt > 0 || !isUnreadable(error)) throw error;
        this.disconnect();
        this.#quarantine(inode);
      }
    }
    return undefined;
  }

  /** Runs a body in the transaction that {@linkcode begin} began, and commits it. */
  finish<T>(body: () => T): T {
    const { db, statements } = this.#connection!;
    try {
      const result = body();
      // An exclusive transaction has no readers to wait for: this does not meet SQLITE_BUSY.
      statements.commit.run();
      return result;
    } catch (error) {
      if (db.isTransaction) statements.rollback.run(); // a full disk has ended it already
      this.#undone();
      throw isSystemError(error) ? this.error(error) : error;
    }
  }

  /** Takes the lock; false if another process has it. */
  begin(): boolean {
    try {
      return this.#begin();
    } catch (error) {
      throw isSystemError(error) ? this.error(error) : error;
    }
  }

  #begin(): boolean {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      if (attempt === TRUSTED_ATTEMPTS) checkInodes(this.path);
      const connection = this.#connection ?? this.#open();
      if (!connection) return false;
      if (!this.#connection) this.#opened();
      this.#connection = connection;
      try {
        connection.statements.begin.run();
      } catch (error) {
        if (isBusy(error)) return false;
        this.disconnect();
        if (inodeOf(this.path) !== connection.inode) continue;
        if (attempt < 3 && isUnreadable(error) && this.#quarantine(connection.inode)) continue;
        throw this.error(error);
      }
      // The last process to leave unlinks the file: what is locked must be what the path names.
      if (inodeOf(this.path) === connection.inode) return true;
      connection.statements.rollback.run();
      this.disconnect();
    }
    return false;
  }

  /** Opens a new connection; undefined if another process is just making the tables. */
  #open(): Connection | undefined {
    this.#checkName();
    const another = this.#irreplaceable();
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      if (attempt === TRUSTED_ATTEMPTS) checkInodes(this.path);
      // Taken before and compared after, so that it is surely this file's. The first attempt only makes the
      // file.
      const { inode: before, isPinned, unpin } = another
        ? unpinned(this.path)
        : pinInode(this.path);
      if (before === undefined && another) throw another;
      if (before === undefined && attempt === 0) checkInodes(this.path);
      let db: DatabaseSync | undefined;
      try {
        db = new DatabaseSync(this.path);
        const inode = inodeOf(this.path);
        if (inode === undefined || before !== inode || !isPinned()) {
          db.close();
          if (before === undefined) giveAccess(this.path, accessBeside(this.#store, this.path));
          continue;
        }
        // Never synced, since it never decides what is done. The tables are made without a journal file: a process
        // that still has the file before this one open would undo them with it.
        db.exec("PRAGMA busy_timeout = 0; PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY");
        db.exec("BEGIN EXCLUSIVE");
        if (inodeOf(this.path) !== inode) {
          db.close();
          continue;
        }
        if (versionOf(db) === 0) {
          if (db.prepare("SELECT 1 FROM sqlite_master").get()) {
            throw new Error("malformed: half made");
          }
          db.exec(SCHEMA);
        }
        let version = versionOf(db);
        if (version !== SCHEMA_VERSION && version !== EARLIER_VERSION) {
          throw new StoreError(`it was made by another version of stet (${version})`);
        }
        const readOnly = another ?? this.#readOnly(db, version);
        if (version === EARLIER_VERSION && !readOnly && !isInUse(db)) {
          db.exec(UPGRADE);
          version = SCHEMA_VERSION;
        }
        // Under the lock: while another has it, SQLite cannot see that its copy of the schema is old.
        const statements = prepare(db, version === SCHEMA_VERSION);
        db.exec("COMMIT");
        // From here on, a killed process leaves a journal that undoes its half.
        db.exec("PRAGMA journal_mode = TRUNCATE");
        return { db, inode, readOnly, statements };
      } catch (error) {
        db?.close();
        if (isBusy(error)) return undefined;
        if (db && inodeOf(this.path) !== before) continue;
        if (attempt < 3 && isUnreadable(error) && this.#quarantine(before)) continue;
        throw this.error(error);
      } finally {
        unpin();
      }
    }
    return undefined;
  }

  /** Returns the error of replacing the files, if they can be written but not replaced. */
  #irreplaceable(): StoreError | undefined {
    let file: string | undefined;
    try {
      file = irreplaceable([this.#store, this.path], this.path);
    } catch {
      return undefined; // no file can be made there, and opening the state file says why
    }
    return file === undefined ? undefined : new StoreError(
      `Cannot write next to the store: "${file}" is another user's, and in a folder with the sticky ` +
        `bit only that user may replace it; keep the store in a folder of the group without the bit ` +
        `(chmod -t)`,
    );
  }

  /** Returns the error of writing, if there is one: SQLite opens a file that may only be read without any. */
  #readOnly(db: DatabaseSync, version: number): StoreError | undefined {
    try {
      db.exec(`PRAGMA user_version = ${version}`);
      return undefined;
    } catch (error) {
      if (isUnwritable(error)) return this.error(error);
      throw error;
    }
  }

  /** @throws {StoreError} If the files next to the store would have names that are too long. */
  #checkName(): void {
    const longest = `${this.path}${"-".repeat(MAX_SUFFIX_BYTES)}`;
    try {
      fs.lstatSync(longest, { throwIfNoEntry: false });
      if (Buffer.byteLength(longest) <= MAX_SQLITE_PATH_BYTES) return;
    } catch (error) {
      if ((error as { code?: unknown }).code !== "ENAMETOOLONG") return; // opening it throws
    }
    throw new StoreError(
      `Cannot write next to the store: "${this.path}" and the files next to it would have names that ` +
        `are too long; give the store a shorter name, or a folder with a shorter path`,
    );
  }

  /** Returns an error of SQLite or the system in our words. */
  error(cause: unknown): StoreError {
    if (cause instanceof StoreError) {
      return new StoreError(`Cannot use "${this.path}": ${cause.message}`, { cause });
    }
    const { path: failed } = cause as { path?: unknown };
    const isOurs = typeof failed !== "string" || failed === path.dirname(this.path) ||
      failed.startsWith(this.path);
    if (!isOurs) return systemError(`Cannot use "${failed}"`, failed, cause);
    const doing = isUnwritable(cause)
      ? `Cannot write next to the store: "${this.path}" cannot be made or changed`
      : `Cannot use "${this.path}"`;
    return systemError(doing, this.path, cause);
  }

  #quarantine(inode: number | undefined): boolean {
    if (inodeOf(this.path) !== inode) return true; // another process did it already
    removeFile(`${this.path}-journal`);
    fs.renameSync(this.path, `${this.path}.unreadable`);
    return true;
  }

  /** Closes the database; the next lock opens it again. */
  disconnect(): void {
    this.#connection?.db.close();
    this.#connection = undefined;
  }
}

function prepare(db: DatabaseSync, hasSince: boolean) {
  return {
    // Exclusive at once: a commit that had to wait for readers could fail after the store was written.
    begin: db.prepare("BEGIN EXCLUSIVE"),
    commit: db.prepare("COMMIT"),
    rollback: db.prepare("ROLLBACK"),
    claimOwner: db.prepare("SELECT owner FROM claims WHERE key = ?"),
    claim: db.prepare(
      hasSince
        ? "INSERT OR REPLACE INTO claims VALUES (?, ?, ?)"
        : "INSERT OR REPLACE INTO claims SELECT ?1, ?2 WHERE ?3 IS NOT NULL",
    ),
    claimTime: db.prepare(
      hasSince
        ? "SELECT since FROM claims WHERE key = ?"
        : "SELECT NULL AS since FROM claims WHERE key = ?",
    ),
    release: db.prepare("DELETE FROM claims WHERE key = ? AND owner = ?"),
    drop: db.prepare("DELETE FROM claims WHERE key = ?"),
    forget: db.prepare("DELETE FROM failures WHERE key = ?"),
  };
}

/** Returns true if a process has entered itself, or a key is claimed. */
function isInUse(db: DatabaseSync): boolean {
  const used = "SELECT 1 FROM owners UNION ALL SELECT 1 FROM claims LIMIT 1";
  return db.prepare(used).get() !== undefined;
}

function versionOf(db: DatabaseSync): number {
  return (db.prepare("PRAGMA user_version").get() as { user_version: number }).user_version;
}

/** Returns true if SQLite says that the database is locked. By message: Deno's errors carry no code. */
export function isBusy(error: unknown): boolean {
  return /database (table )?is locked|database is busy/.test(messageOf(error));
}

function isUnreadable(error: unknown): boolean {
  // A StoreError is one of the store.
  return !(error instanceof StoreError) && /not a database|malformed/.test(messageOf(error));
}
