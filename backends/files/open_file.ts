import fs from "node:fs";
import { StoreError } from "../../core/errors.ts";
import { isMissing, storeErrorOf } from "./system_error.ts";

/**
 * Opens the file of a store for reading, and returns its descriptor; undefined if there is none.
 *
 * @throws {StoreError} If it cannot be opened, or is a folder, a device or a pipe.
 */
export function openFile(path: string): number | undefined {
  try {
    const found = fs.statSync(path, { throwIfNoEntry: false });
    if (!found) return undefined;
    if (found.isFile()) return fs.openSync(path, "r"); // to open a pipe would wait for a writer
    const kind = found.isDirectory() ? "a folder" : "not a regular file";
    throw new StoreError(`Cannot open store "${path}": it is ${kind}; give the path of a file`);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw storeErrorOf(error, `Cannot open store "${path}"`, path);
  }
}
