import fs from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import type { Finding } from "../../core/contract/engine.ts";
import { FormatError } from "../../core/errors.ts";

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
