import fs from "node:fs";
import { StoreError } from "../../core/errors.ts";
import { newId } from "../files/new_id.ts";
import { isMissing, removeFile } from "../files/system_error.ts";

/** A hard link to a file: while it exists, no other file is given the same inode number. */
export interface InodePin {
  /** The inode number of the file; undefined if there is no file. */
  readonly inode: number | undefined;
  /** Returns false if another process has removed the link. */
  isPinned(): boolean;
  unpin(): void;
}

/** Pins the inode number of a file, where the file system has hard links. */
export function pinInode(file: string): InodePin {
  const pin = pinPath(file);
  try {
    fs.linkSync(file, pin);
  } catch (error) {
    return isMissing(error) ? { ...unpinned(file), inode: undefined } : unpinned(file);
  }
  return {
    inode: inodeOf(pin),
    isPinned: () => fs.existsSync(pin),
    unpin: () => removeFile(pin),
  };
}

/** Returns the inode number of a file that is not replaced. */
export function unpinned(file: string): InodePin {
  return { inode: inodeOf(file), isPinned: () => true, unpin: () => {} };
}

/** Returns the inode number of a file; undefined if there is none. */
export function inodeOf(file: string): number | undefined {
  return fs.statSync(file, { throwIfNoEntry: false })?.ino;
}

/** @throws {StoreError} If the file system's inode numbers do not tell one file from another. */
export function checkInodes(stateFile: string): void {
  const file = pinPath(stateFile);
  const link = pinPath(stateFile);
  try {
    fs.closeSync(fs.openSync(file, "wx"));
    const inode = inodeOf(file);
    try {
      fs.linkSync(file, link);
    } catch {
      // A file system without hard links.
    }
    if ([file, link, file].every((path) => (inodeOf(path) ?? inode) === inode)) return;
  } finally {
    removeFile(link);
    removeFile(file);
  }
  throw new StoreError(
    `Cannot lock "${stateFile}": the file system gives a file another inode number at each look, as ` +
      `FUSE file systems such as sshfs may, so that its lock cannot be relied on; keep the store on ` +
      `a local disk`,
  );
}

/** Path of a new link or file next to a state file; swept after a minute if its process died. */
function pinPath(stateFile: string): string {
  return `${stateFile}-pin-${Date.now()}-${newId()}`;
}
