import { Buffer } from "node:buffer";
import fs from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import { messageOf, StoreError } from "../../core/errors.ts";
import { catching } from "../../core/runtime/maybe_promise.ts";
import { newId } from "./new_id.ts";

/** Longest path that SQLite opens, in bytes: MAX_PATHNAME of its os_unix.c, less "-journal". */
export const MAX_SQLITE_PATH_BYTES = 512 - "-journal".length;

/** A cause in words, and the remedy. */
interface Explanation {
  readonly state: string;
  readonly remedy: string;
}

const DESCRIPTORS_REMEDY = "close files or raise the limit (ulimit -n)";
const FOLDER_REMEDY = "make the folder writable or choose another store";

/** Causes that need no look at the file, by error code: errno(3). */
const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  EMFILE: { state: "this process has no file descriptors left", remedy: DESCRIPTORS_REMEDY },
  ENFILE: { state: "the system has no file descriptors left", remedy: DESCRIPTORS_REMEDY },
  ENOSPC: { state: "the disk is full", remedy: "make room and try again" },
  EDQUOT: {
    state: "the disk quota is used up",
    remedy: "make room or have the quota raised, and try again",
  },
  EFBIG: {
    state: "the file is as large as the file system or the process (ulimit -f) allows",
    remedy: "raise the limit or choose another store",
  },
  EROFS: { state: "the file system is mounted read-only", remedy: FOLDER_REMEDY },
  ENAMETOOLONG: {
    state: "the path is too long for it and the files next to it",
    remedy: "give the store a shorter name, or a folder with a shorter path",
  },
  ELOOP: {
    state: "it, or a folder of its path, is a symbolic link that leads back to itself",
    remedy: "remove the link or let it lead to a file",
  },
  ENOTDIR: { state: "a part of its path is a file, not a folder", remedy: "correct the path" },
  EISDIR: { state: "it is a folder", remedy: "give the path of a file" },
  EBUSY: {
    state: "it is a mount point, or another program keeps it from being replaced",
    remedy: "mount its folder instead of the file",
  },
  ESTALE: {
    state: "the network file system no longer knows it (stale file handle)",
    remedy: "mount the file system again, or keep the store on a local disk",
  },
  EIO: { state: "the disk reports an input/output error", remedy: "check the disk" },
};

/** Causes of SQLite's own messages. Deno's errors carry no number. */
const SQLITE_CAUSES: readonly (readonly [RegExp, "ENOSPC" | "io" | "access"])[] = [
  [/disk is full/, "ENOSPC"],
  [/disk I\/O error/, "io"],
  [/unable to open|readonly database|access permission denied/, "access"],
];

/** System calls that change a folder, and need its permission: a file may be opened without. */
const OF_FOLDER = /^(?:unlink|rename|link|rm|mkdir)$/;

/** True if an error is one of the system's or of SQLite's, which no caller gets as it is. */
export function isSystemError(error: unknown): boolean {
  return !(error instanceof StoreError) && causeOf(error) !== undefined;
}

/** True if nothing may be written there: by permissions, or because the file system is read-only. */
export function isUnwritable(error: unknown): boolean {
  const { cause = error } = error as { cause?: unknown };
  const code = causeOf(cause);
  return code === "access" || code === "EROFS" || code === "EACCES" || code === "EPERM";
}

/** True if an error says that there is no such file. */
export function isMissing(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === "ENOENT";
}

/** Removes a file, if it is there. (Of rmSync, Node's errors lack the code, and Bun's come also for missing files.) */
export function removeFile(file: string): void {
  try {
    fs.unlinkSync(file);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/**
 * Returns an error of the system or of SQLite in our words: the true cause and the remedy. SQLite says
 * of many causes only that it is "unable to open": the true one is looked for.
 *
 * @param doing What could not be done: `Cannot write "runs.csv"`.
 * @param file The file that it was done to; not opened by this.
 */
export function systemError(doing: string, file: string, cause: unknown): StoreError {
  const { path: named, syscall } = cause as { path?: unknown; syscall?: unknown };
  const failed = typeof named === "string" ? named : file;
  const isOfFolder = OF_FOLDER.test(String(syscall));
  const { state, remedy } = explanationOf(causeOf(cause), failed, isOfFolder) ??
    { state: messageOf(cause), remedy: "" };
  return new StoreError(`${doing}: ${state}${remedy && `; ${remedy}`}`, { cause });
}

/** Returns an error as it is, or in our words if it is one of the system's or of SQLite's. */
export function storeErrorOf(error: unknown, doing: string, file: string): unknown {
  return isSystemError(error) ? systemError(doing, file, error) : error;
}

/** Runs a body; errors of the system or of SQLite are thrown, or reject, in our words. */
export function explaining<T>(doing: string, file: string, body: () => T): T {
  return catching(body, (error) => {
    throw storeErrorOf(error, doing, file);
  });
}

/** The code of a cause; undefined for an error of another kind. */
function causeOf(error: unknown): string | undefined {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  if (typeof code === "string" && /^E[A-Z0-9]+$/.test(code)) return code; // not ERR_…
  if (name === "NotCapable") return name; // Deno without a permission
  const message = messageOf(error);
  const number = /\(os error (\d+)\)/.exec(message)?.[1];
  if (number !== undefined) { // some of Deno's errors have only that
    return Object.entries(constants.errno).find(([, each]) => each === Number(number))?.[0];
  }
  return SQLITE_CAUSES.find(([pattern]) => pattern.test(message))?.[1];
}

function explanationOf(
  code: string | undefined,
  file: string,
  isOfFolder: boolean,
): Explanation | undefined {
  const probed = code === "access" || code === "io" ? probe(file) : undefined;
  const found = probed ?? code;
  if (found === undefined) return undefined;
  if (found in EXPLANATIONS) return EXPLANATIONS[found];
  const folder = path.dirname(file);
  switch (found) {
    case "ENOENT":
      return {
        state: `${fs.existsSync(folder) ? `"${file}"` : `the folder "${folder}"`} is gone`,
        remedy: "make it again or choose another store",
      };
    case "EACCES":
    case "EPERM":
      return isOfFolder || probed !== undefined || !fs.existsSync(file)
        ? { state: `no permission for the folder ${ownerText(folder)}`, remedy: FOLDER_REMEDY }
        : noPermission(file);
    case "access":
      return mayWrite(file) ? undefined : noPermission(file);
    case "io":
      return {
        state: "the disk reports an error",
        remedy: "check the disk, its quota and the limit of file sizes (ulimit -f)",
      };
    default:
      return undefined;
  }
}

function noPermission(file: string): Explanation {
  return {
    state: `no permission for ${ownerText(file)}`,
    remedy: "have its owner permit it (chmod, chgrp) or choose another store",
  };
}

/** True if permissions let this process write a file, as far as can be seen without opening it. */
function mayWrite(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** A file or folder with its owner and mode, for messages. */
function ownerText(file: string): string {
  try {
    const { uid, gid, mode } = fs.statSync(file);
    const permissions = (mode & 0o7777).toString(8).padStart(3, "0");
    return `"${file}" (owner ${uid}, group ${gid}, mode ${permissions})`;
  } catch {
    return `"${file}"`; // its folder may not be searched
  }
}

/**
 * Returns the code of the error that keeps a file from being made or opened, or undefined if only its
 * own permissions can. The file is not opened, which could drop SQLite's locks.
 */
function probe(file: string): string | undefined {
  const folder = path.dirname(file);
  try {
    if (fs.lstatSync(file, { throwIfNoEntry: false })?.isDirectory()) return "EISDIR";
    fs.statSync(folder);
    if (Buffer.byteLength(file) > MAX_SQLITE_PATH_BYTES) return "ENAMETOOLONG";
    const trial = `${file}-pin-${Date.now()}-${newId()}`; // swept with the pins
    const open: number[] = [];
    try {
      open.push(fs.openSync(trial, "wx"));
      for (let i = 0; i < 2; i++) open.push(fs.openSync(folder, "r")); // SQLite needs several
      fs.writeSync(open[0]!, new Uint8Array(4096));
    } finally {
      for (const fd of open) fs.closeSync(fd);
      if (open.length > 0) fs.unlinkSync(trial);
    }
    return undefined;
  } catch (error) {
    const { code } = error as { code?: unknown };
    return typeof code === "string" ? code : undefined;
  }
}
