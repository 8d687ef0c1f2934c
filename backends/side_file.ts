import fs from "node:fs";
import { newId } from "./new_id.ts";
import { isMissing, isUnwritable } from "./system_error.ts";

/** Permissions without those to execute, which a store may have by accident. */
const READ_AND_WRITE = 0o666;

/** Who may use a file. */
export type Access = Pick<fs.Stats, "uid" | "gid" | "mode">;

/**
 * Returns who may use the files next to a store: those who may use the store itself or, while it is not
 * there, a new file. SQLite makes files for their owner alone to write.
 *
 * @param state The store's state file; a file next to it shows what a new one gets (umask(2)).
 */
export function accessBeside(store: string, state: string): Access {
  const { uid, gid, mode } = fs.statSync(store, { throwIfNoEntry: false }) ?? newFile(state);
  return { uid, gid, mode: mode & READ_AND_WRITE };
}

function newFile(state: string): fs.Stats {
  const trial = `${state}-pin-${Date.now()}-${newId()}`; // swept with the pins
  const fd = fs.openSync(trial, "wx");
  try {
    return fs.fstatSync(fd);
  } finally {
    fs.closeSync(fd);
    fs.unlinkSync(trial);
  }
}

/**
 * Gives a file the mode, the group and the owner of another, as far as this process may. By path: a
 * file of SQLite's must not be opened by `fs`.
 */
export function giveAccess(file: string, { uid, gid, mode }: Access): void {
  const made = fs.statSync(file, { throwIfNoEntry: false });
  if (!made) return;
  if (made.gid !== gid || made.uid !== uid) {
    // Only root may give a file away; others may give it to a group of theirs.
    if (!permitted(() => fs.chownSync(file, uid, gid))) {
      permitted(() => fs.chownSync(file, made.uid, gid));
    }
  }
  if (made.mode !== mode) permitted(() => fs.chmodSync(file, mode & 0o7777));
}

/** Runs a body; false if permissions forbid it, or another process has removed the file. */
function permitted(body: () => void): boolean {
  try {
    body();
    return true;
  } catch (error) {
    if (isUnwritable(error) || isMissing(error)) return false;
    throw error;
  }
}
