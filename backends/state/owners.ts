import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../core/errors.ts";
import { VERSION } from "../../core/runtime/version.ts";
import { hostName } from "../files/host_name.ts";
import { newId } from "../files/new_id.ts";
import { giveAccess } from "../files/side_file.ts";
import { explaining, removeFile } from "../files/system_error.ts";
import { isBusy, type StateDatabase } from "./state_database.ts";

/**
 * Age from which a pin, which is needed for less than a millisecond, counts as left by a dead process. Clocks
 * may differ: the maker of a pin that is removed too early notices that.
 */
const PIN_TIMEOUT_MS = 60_000;

const IS_ID = /^[0-9a-f]{16}$/;

/** This thread as an owner of claims. */
interface Owner {
  readonly id: string;
  /** Holds the open write transaction, and is kept referenced, or Bun's garbage collector closes it. */
  readonly db: DatabaseSync;
  /** The state file in which the owner is entered. */
  inode: number;
}

/**
 * The owners of claims, one for each thread that claims. An owner holds an open write transaction on a small
 * file of its own for as long as it lives; where another process can begin one, the owner is dead.
 *
 * Owner files are made, probed and unlinked only under the lock of the state file, and an owner id is never
 * used twice.
 */
export class Owners {
  readonly #database: StateDatabase;
  #own: Owner | undefined;
  /** Connections for probing whether an owner lives. */
  readonly #probes = new Map<string, DatabaseSync>();

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  get #db(): DatabaseSync {
    return this.#database.connection!.db;
  }

  /** Owner id of this thread; empty before its first claim. */
  get id(): string {
    return this.#own?.id ?? "";
  }

  /** Enters this thread in the state file, and returns its owner id. */
  enter(): string {
    const { inode } = this.#database.connection!;
    if (this.#own?.inode === inode) return this.#own.id;
    this.sweep();
    this.#own ??= this.#make();
    this.#own.inode = inode;
    this.#db.prepare("INSERT OR REPLACE INTO owners VALUES (?, ?, ?, ?)")
      .run(this.#own.id, process.pid, hostName(), `${new Date().toISOString()} stet ${VERSION}`);
    return this.#own.id;
  }

  /** Has this thread entered again by its next claim, since a transaction was undone. */
  enterAgain(): void {
    if (this.#own) this.#own.inode = 0;
  }

  #make(): Owner {
    const id = newId();
    const file = this.#pathOf(id);
    return explaining(`Cannot write next to the store: "${file}" cannot be made`, file, () => {
      const db = new DatabaseSync(file);
      // Exclusive: a process that may only read the file sees by a read lock that the owner lives.
      db.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
      giveAccess(file, fs.statSync(this.#database.path));
      return { id, db, inode: 0 };
    });
  }

  #pathOf(id: string): string {
    return `${this.#database.path}-${id}`;
  }

  /** Returns true if no other living owner is entered. */
  isAlone(): boolean {
    return this.#ids().every((id) => id === this.id || !this.isAlive(id));
  }

  #ids(): string[] {
    return this.#db.prepare("SELECT id FROM owners").all().map(({ id }) => id as string);
  }

  /** Returns the files that dead owners left. */
  deadFiles(): string[] {
    return this.#sideFiles().filter((rest) => IS_ID.test(rest) && !this.isAlive(rest))
      .map((id) => this.#pathOf(id));
  }

  /** Removes what dead owners left, entered here or not, and pins of dead processes. */
  sweep(): void {
    for (const id of this.#ids()) if (!this.isAlive(id)) this.remove(id);
    for (const rest of this.#sideFiles()) {
      const pinned = /^pin-(\d+)-/.exec(rest)?.[1];
      if (IS_ID.test(rest) && !this.isAlive(rest)) this.remove(rest);
      else if (pinned !== undefined && Date.now() - Number(pinned) > PIN_TIMEOUT_MS) {
        removeFile(this.#pathOf(rest));
      }
    }
  }

  /** Names of the files next to the state file, without its own name. */
  #sideFiles(): string[] {
    const prefix = `${path.basename(this.#database.path)}-`;
    return fs.readdirSync(path.dirname(this.#database.path))
      .filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)).sort();
  }

  /** Removes an owner that is dead, and its claims. */
  remove(id: string): void {
    removeFile(this.#pathOf(id));
    this.#db.prepare("DELETE FROM claims WHERE owner = ?").run(id);
    this.#db.prepare("DELETE FROM owners WHERE id = ?").run(id);
  }

  /** Removes this thread and its claims. */
  depart(): void {
    const { id } = this;
    if (id === "") return;
    this.unlinkOwn();
    this.remove(id);
  }

  /** Unlinks the file of this thread's owner. */
  unlinkOwn(): void {
    const own = this.#own;
    if (!own) return;
    own.db.close();
    removeFile(this.#pathOf(own.id));
    this.#own = undefined;
  }

  /** Returns true if the transaction of an owner is still open. */
  isAlive(id: string): boolean {
    if (id === this.id) return true;
    const file = this.#pathOf(id);
    try {
      if (fs.existsSync(file)) {
        explaining(`Cannot see whether a process lives by "${file}"`, file, () => this.#probe(id));
      }
    } catch (error) {
      if (isBusy(error)) return true;
      throw error;
    }
    this.#probes.get(id)?.close();
    this.#probes.delete(id);
    return false;
  }

  /** @throws {Error} That it is locked, if the owner lives. */
  #probe(id: string): void {
    let db = this.#probes.get(id);
    if (!db) {
      db = new DatabaseSync(this.#pathOf(id));
      db.exec("PRAGMA busy_timeout = 0");
      this.#probes.set(id, db);
    }
    db.exec("BEGIN IMMEDIATE");
  }

  /** Returns the name of an owner, for messages. */
  nameOf(id: string): string {
    const row = this.#db.prepare("SELECT pid, host FROM owners WHERE id = ?").get(id);
    if (!row) return "a process";
    const { pid, host } = row as { pid: number; host: string };
    return `process ${pid}${host === "" || host === hostName() ? "" : ` on ${host}`}`;
  }

  /** Returns the version of stet of an owner, if it has noted it. */
  versionOf(id: string): string | undefined {
    const { since } = this.#db.prepare("SELECT since FROM owners WHERE id = ?").get(id) ?? {};
    return / stet (\S+)$/.exec(String(since))?.[1];
  }

  /** Returns the names of all owners, for messages, as far as they can be read. */
  names(): string {
    try {
      const rows = this.#database.connection?.db.prepare("SELECT pid FROM owners").all() ?? [];
      return rows.map(({ pid }) => `process ${pid}`).join(", ") || "a process that claims nothing";
    } catch (error) {
      return `a process that cannot be named (${messageOf(error)})`;
    }
  }

  /** Closes the files. */
  close(): void {
    for (const db of this.#probes.values()) db.close();
    this.#probes.clear();
    this.#own?.db.close();
    this.#own = undefined;
  }
}
