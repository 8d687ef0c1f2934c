import type { Stats } from "node:fs";
import { StoreError } from "../../core/errors.ts";

/** @throws {StoreError} If a path leads to a folder, a device or a pipe. */
export function checkIsFile(path: string, found: Stats): void {
  if (found.isFile()) return;
  const kind = found.isDirectory() ? "a folder" : "not a regular file";
  throw new StoreError(`Cannot open store "${path}": it is ${kind}; give the path of a file`);
}
