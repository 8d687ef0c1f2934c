import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { atExit, notAtExit } from "./at_exit.ts";

/** Suffix of the owner file of a folder. */
const OWNER = ".owner";
/** Prefixes whose abandoned folders this process has removed. */
const swept = new Set<string>();
/** Kept referenced, or Bun's garbage collector closes their databases. */
const folders = new Set<TemporaryFolder>();

/**
 * A folder in the system's folder for temporary files. The process that made it holds a lock on a file
 * next to it, so that other processes see that it lives, in any PID namespace. The first folder that a
 * process makes removes the folders of dead processes.
 */
export class TemporaryFolder {
  /** Without symbolic links. */
  readonly path: string;
  readonly #owner: DatabaseSync;
  readonly #remove = (): void => this.remove();

  /** @param prefix What its name begins with: `stet-query-`. */
  constructor(prefix: string) {
    const parent = fs.realpathSync(os.tmpdir());
    if (!swept.has(prefix)) removeAbandoned(parent, prefix);
    swept.add(prefix);
    this.path = path.join(parent, prefix + crypto.randomUUID());
    this.#owner = lockedOwner(this.path + OWNER);
    fs.mkdirSync(this.path, { mode: 0o700 });
    folders.add(this);
    atExit(this.#remove);
  }

  /** Removes it, with all that is in it. */
  remove(): void {
    if (!folders.delete(this)) return;
    notAtExit(this.#remove);
    fs.rmSync(this.path, { recursive: true, force: true });
    this.#owner.close();
    fs.rmSync(this.path + OWNER, { force: true });
  }
}

/** Makes an owner file, and locks it. */
function lockedOwner(file: string): DatabaseSync {
  for (;;) {
    const owner = new DatabaseSync(file);
    try {
      lock(owner);
      if (fs.existsSync(file)) return owner; // else it was taken for abandoned before it was locked
    } catch (error) {
      owner.close();
      throw error;
    }
    owner.close();
  }
}

/** @throws {Error} If another process has locked it. */
function lock(owner: DatabaseSync): void {
  owner.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
}

/** Removes the folders whose owners have died. */
function removeAbandoned(parent: string, prefix: string): void {
  for (const name of fs.readdirSync(parent)) {
    if (!name.startsWith(prefix) || !name.endsWith(OWNER)) continue;
    const file = path.join(parent, name);
    try {
      const owner = new DatabaseSync(file);
      try {
        lock(owner);
        fs.rmSync(file.slice(0, -OWNER.length), { recursive: true, force: true });
        fs.rmSync(file, { force: true });
      } finally {
        owner.close();
      }
    } catch {
      // Its owner lives, or it is another user's.
    }
  }
}
