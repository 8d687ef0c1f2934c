import fs from "node:fs";
import path from "node:path";
import { withFile } from "./file_bytes.ts";
import { newId } from "./new_id.ts";
import { isMissing, isUnwritable } from "./system_error.ts";

/** Permissions without those to execute, which a store may have by accident. */
const READ_AND_WRITE = 0o666;
const STICKY = 0o1000;

/** Owner, group and permissions of a file. */
export type Access = Pick<fs.Stats, "uid" | "gid" | "mode">;

/**
 * Returns the access of the files next to a store: that of the store or, while it does not exist, of a new
 * file. SQLite makes files that only their owner may write.
 *
 * @param state The store's state file; a file next to it shows what a new one gets (umask(2)).
 */
export function accessBeside(store: string, state: string): Access {
  const { uid, gid, mode } = fs.statSync(store, { throwIfNoEntry: false }) ?? newFile(state);
  return { uid, gid, mode: mode & READ_AND_WRITE };
}

function newFile(state: string): fs.Stats {
  const trial = `${state}-pin-${Date.now()}-${newId()}`; // swept with the pins
  return withFile(trial, "wx", (fd) => {
    fs.unlinkSync(trial);
    return fs.fstatSync(fd);
  });
}

/**
 * Returns the first of some files, next to a state file, that this process may write but not replace:
 * in a folder with the sticky bit, as /tmp has, only their owners may. Undefined if there is none.
 */
export function irreplaceable(files: readonly string[], state: string): string | undefined {
  const folder = fs.statSync(path.dirname(state));
  if ((folder.mode & STICKY) === 0) return undefined;
  const { uid } = newFile(state);
  if (uid === 0 || uid === folder.uid) return undefined;
  return files.find((file) => {
    const found = fs.statSync(file, { throwIfNoEntry: false });
    return found && found.uid !== uid;
  });
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
