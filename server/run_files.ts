import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { hashRow } from "../core/keys/hash_params.ts";
import type { Row } from "../core/values/value.ts";

/** A file of a run that may be read. */
export interface RunFile {
  readonly path: string;
  readonly name: string;
  readonly size: number;
  /** Time of its last change, in milliseconds since 1970. */
  readonly changed: number;
}

/** A part of a file. */
export interface FilePart {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly size: number;
}

/**
 * Returns the log of a run, where `stet run` puts it by default: `<store>-logs/<id>.log`, or
 * `stet-logs/<id>.log` in the folder of this process.
 *
 * @param store The file of the store; undefined if it is none.
 * @param params The columns of the run's key.
 */
export function logOf(store: string | undefined, params: Row): RunFile | undefined {
  const folder = store === undefined ? path.resolve("stet-logs") : `${store}-logs`;
  return fileIn(folder, `${hashRow(params)}.log`);
}

/**
 * Returns the result file of a record of a `Store`. It is one if its name begins with the id of the record, and it
 * is in a folder of results: one in the folder of the store, without hidden ones on the way.
 */
export function resultFileOf(store: string, { id, result_file: result }: Row): RunFile | undefined {
  if (typeof id !== "string" || typeof result !== "string" || id === "") return undefined;
  const own = path.dirname(store);
  const name = path.basename(result);
  const rest = name.startsWith(id) ? name.slice(id.length) : undefined;
  if (rest === undefined || !/^(?:\.[\w.]*)?$/.test(rest)) return undefined;
  // A path that is not absolute is one from the folder of the program that ran it.
  for (const base of [own, process.cwd()]) {
    const file = fileIn(path.resolve(base, path.dirname(result)), name, own);
    if (file) return file;
  }
  return undefined;
}

/**
 * Returns a file of a folder; undefined if it is none, or a symbolic link, or its folder is one.
 *
 * @param own The folder in which the folder is, however many folders lie between. Default: any.
 */
function fileIn(folder: string, name: string, own?: string): RunFile | undefined {
  try {
    const real = path.join(fs.realpathSync(path.dirname(folder)), path.basename(folder));
    if (own !== undefined && !isWithin(path.relative(fs.realpathSync(own), real))) return undefined;
    if (path.basename(name) !== name || !fs.lstatSync(real).isDirectory()) return undefined;
    const file = path.join(real, name);
    const found = fs.lstatSync(file);
    if (!found.isFile()) return undefined;
    return { path: file, name, size: found.size, changed: found.mtimeMs };
  } catch {
    return undefined; // there is no log, or it may not be read
  }
}

/** Returns true for a relative path that leads down, past no hidden folder. */
function isWithin(relative: string): boolean {
  return relative !== "" && !path.isAbsolute(relative) &&
    relative.split(path.sep).every((part) => !part.startsWith("."));
}

/**
 * Reads a part of a file.
 *
 * @param offset The first byte; negative: counted from the end.
 * @throws {Error} If another file was put in its place.
 */
export function readPart({ path: file }: RunFile, offset: number, most: number): FilePart {
  const before = fs.lstatSync(file);
  const fd = fs.openSync(file, "r");
  try {
    const { dev, ino, size } = fs.fstatSync(fd);
    if (!before.isFile() || before.ino !== ino || before.dev !== dev) {
      throw new Error(`"${file}" was replaced`);
    }
    const start = offset < 0 ? Math.max(0, size + offset) : Math.min(offset, size);
    const bytes = new Uint8Array(Math.min(most, size - start));
    let length = 0;
    while (length < bytes.length) {
      const count = fs.readSync(fd, bytes, length, bytes.length - length, start + length);
      if (count === 0) break;
      length += count;
    }
    return { bytes: bytes.subarray(0, length), offset: start, size };
  } finally {
    fs.closeSync(fd);
  }
}
