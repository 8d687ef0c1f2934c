import { DatabaseSync } from "node:sqlite";
import { type Params, paramsAt, timestamp } from "./sample_rows.ts";

const TABLE = "stet_records";
const COLUMNS = `"alpha", "seed", "model", "_stet_timestamp"`;
const SAME_KEY = `"alpha" = ? AND "model" = ? AND "seed" = ?`;

/** The index that stet makes at the first look for these three columns. */
const INDEX =
  `CREATE INDEX IF NOT EXISTS "stet_key alpha,model,seed" ON ${TABLE} ("alpha", "model", "seed")`;

/** Makes a new database of `rows` rows, with or without the index. */
export function makeDatabase(path: string, rows: number, isIndexed: boolean): void {
  const db = new DatabaseSync(path);
  const columns = COLUMNS.split(", ").map((name) => `${name} NUMERIC`).join(", ");
  db.exec(`
    PRAGMA journal_mode = OFF; BEGIN;
    CREATE TABLE ${TABLE} (${columns}); PRAGMA user_version = 1`);
  const insert = insertion(db);
  for (let i = 0; i < rows; i++) insert(i);
  if (isIndexed) db.exec(INDEX);
  db.exec("COMMIT");
  db.close();
}

/** A database as a program without stet would use it, under the pragmas that stet sets. */
export interface RawDatabase {
  /** Returns true if there is a row of these params: `SELECT 1 … WHERE …`. */
  has(params: Params): boolean;
  /** Inserts row `i`. */
  insert(i: number): void;
  /** Deletes the row of these params. */
  remove(params: Params): void;
  /** Adds a column, and row `i` with a value in it. */
  widen(column: string, i: number): void;
  close(): void;
}

/**
 * Opens a database for prepared statements.
 *
 * @param durability What it is written for; undefined: it is only read, and not put in WAL mode.
 */
export function openRaw(path: string, durability?: "power" | "process"): RawDatabase {
  const db = new DatabaseSync(path);
  db.exec(
    `PRAGMA busy_timeout = 0; PRAGMA synchronous = ${durability === "process" ? "OFF" : "EXTRA"}`,
  );
  if (durability) db.exec("PRAGMA journal_mode = WAL");
  const select = db.prepare(`SELECT 1 FROM ${TABLE} WHERE ${SAME_KEY} LIMIT 1`);
  const remove = db.prepare(`DELETE FROM ${TABLE} WHERE ${SAME_KEY}`);
  return {
    has: ({ alpha, seed, model }) => select.get(alpha, model, seed) !== undefined,
    insert: insertion(db),
    remove: ({ alpha, seed, model }) => void remove.run(alpha, model, seed),
    widen(column, i): void {
      const { alpha, seed, model } = paramsAt(i);
      db.exec(`BEGIN IMMEDIATE; ALTER TABLE ${TABLE} ADD COLUMN "${column}" NUMERIC`);
      db.prepare(`INSERT INTO ${TABLE} (${COLUMNS}, "${column}") VALUES (?, ?, ?, ?, 1)`)
        .run(alpha, seed, model, timestamp);
      db.exec("COMMIT");
    },
    close: () => db.close(),
  };
}

function insertion(db: DatabaseSync): (i: number) => void {
  const insert = db.prepare(`INSERT INTO ${TABLE} (${COLUMNS}) VALUES (?, ?, ?, ?)`);
  return (i) => {
    const { alpha, seed, model } = paramsAt(i);
    insert.run(alpha, seed, model, timestamp);
  };
}

/** Returns the number of rows. */
export function countRecords(path: string): number {
  const db = new DatabaseSync(path);
  const { count } = db.prepare(`SELECT count(*) AS count FROM ${TABLE}`).get() as { count: number };
  db.close();
  return count;
}

/** All that a database holds, as a text: its schema, its version, and the rows with their types. */
export function dumpOf(path: string): string {
  const db = new DatabaseSync(path);
  const types = COLUMNS.split(", ").map((name) => `typeof(${name})`).join(", ");
  const all = [
    "SELECT type, name, sql FROM sqlite_master ORDER BY name",
    "PRAGMA user_version",
    "PRAGMA journal_mode",
    `SELECT *, ${types} FROM ${TABLE} ORDER BY rowid`,
  ].map((sql) => db.prepare(sql).all());
  db.close();
  return JSON.stringify(all, null, 1);
}
