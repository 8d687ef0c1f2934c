import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { StoreError } from "../errors.ts";

/**
 * Gives a finished file the name of another, and syncs the folder.
 *
 * @param force True to replace a file of that name.
 * @throws {StoreError} If there is such a file and it is not to be replaced.
 */
export function putInPlace(target: string, file: string, force: boolean): void {
  const old = fs.statSync(target, { throwIfNoEntry: false });
  if (old && force) fs.chmodSync(file, old.mode & 0o7777);
  if (force || !linked(target, file)) fs.renameSync(file, target);
  if (process.platform === "win32") return; // folders cannot be synced there
  const fd = fs.openSync(path.dirname(target), "r");
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}

/** Links a file to a free name; false where the file system has no hard links. */
function linked(target: string, file: string): boolean {
  try {
    fs.linkSync(file, target); // unlike a rename, it replaces no file
    return true;
  } catch (error) {
    if (!fs.existsSync(target)) return false;
    throw new StoreError(
      `Cannot write "${target}": another process made it meanwhile; try again`,
      { cause: error },
    );
  }
}
