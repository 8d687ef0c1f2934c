import fs from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import type { Finding } from "../../core/contract/engine.ts";
import { FormatError, messageOf, StoreError } from "../../core/errors.ts";
import { catching, type MaybePromise } from "../../core/runtime/maybe_promise.ts";
import { backOff } from "../back_off.ts";
import { systemError } from "../files/system_error.ts";
import { isBusy } from "../state/state_database.ts";

/** Runs a body, again while the database is locked. Errors of SQLite are thrown, or reject, in our words. */
export function trying<T>(path: string, body: () => MaybePromise<T>): MaybePromise<T> {
  return catching(body, (error) => retrying(path, body, error));
}

function retrying<T>(path: string, body: () => MaybePromise<T>, first: unknown): Promise<T> {
  if (!isBusy(first)) throw sqliteError(path, first);
  return backOff(async () => {
    try {
      return { result: await body() };
    } catch (error) {
      if (isBusy(error)) return undefined;
      throw sqliteError(path, error);
    }
  }, () => `Cannot lock "${path}"`);
}

/** Runs a body once; an error of SQLite is thrown in our words, unless the database is locked. */
export function translating<T>(path: string, body: () => T): T {
  return catching(body, (error) => {
    throw isBusy(error) ? error : sqliteError(path, error);
  });
}

/** Returns an error of SQLite in our words; others as they are. */
export function sqliteError(path: string, cause: unknown): unknown {
  const message = messageOf(cause);
  if (cause instanceof StoreError || cause instanceof TypeError) return cause;
  if (/not a database/.test(message)) {
    return new FormatError(
      `Cannot read "${path}" as SQLite: byte 0: expected "SQLite format 3", but this is ` +
        `another kind of file; rename it or choose another store`,
      { cause },
    );
  }
  if (/malformed|unsupported file/.test(message)) return damaged(path, message, cause);
  return systemError(`Cannot use store "${path}"`, path, cause);
}

/** Returns the error of a damaged database. */
export function damaged(path: string, found: string, cause?: unknown): FormatError {
  return new FormatError(
    `Cannot read "${path}" as SQLite: it is damaged (${found}); take a whole copy, or save what can ` +
      `be saved with: sqlite3 ${path} .recover`,
    { cause },
  );
}

/**
 * Checks that a database was not cut short or lengthened, and has not lost its list of tables. SQLite
 * itself reads the missing end of a page as zeros.
 *
 * The size is compared in a read transaction while the log (WAL) is empty: then no process can write to
 * the database, and all that was committed is in it.
 *
 * @throws {FormatError} If it was.
 */
export function checkWhole(db: DatabaseSync, path: string): void {
  db.exec("BEGIN");
  try {
    const pragma = (name: string): number => Number(db.prepare(`PRAGMA ${name}`).get()![name]);
    const pages = pragma("page_count"); // begins the read
    const pageSize = pragma("page_size");
    const log = fs.statSync(`${path}-wal`, { throwIfNoEntry: false });
    const size = fs.statSync(path).size;
    if (!log?.size && size !== pages * pageSize) {
      throw damaged(path, `${size} bytes instead of ${pages} pages of ${pageSize} bytes`);
    }
    const isUsed = pages > 1 + pragma("freelist_count");
    if (isUsed && !db.prepare("SELECT 1 FROM sqlite_master").get()) {
      throw damaged(path, `${pages} pages and no table`);
    }
  } finally {
    if (db.isTransaction) db.exec("ROLLBACK");
  }
}

/** Returns the faults that SQLite finds in a database. */
export function integrityFaults(db: DatabaseSync, path: string): Finding[] {
  const faults = db.prepare("PRAGMA integrity_check(20)").all()
    .map((row) => String(row["integrity_check"])).filter((text) => text !== "ok");
  return faults.map((fault) => ({
    kind: "unreadable",
    message: `a page of "${path}" is damaged (${fault}); save what can be saved with: ` +
      `sqlite3 ${path} .recover`,
    repaired: undefined,
  }));
}
