import fs from "node:fs";
import path from "node:path";
import { checksumPlaceholder, writeChecksum } from "../../packages/checksum.ts";
import { syncFolder } from "../files/file_bytes.ts";
import { newId } from "../files/new_id.ts";
import { giveAccess } from "../files/side_file.ts";
import { removeFile } from "../files/system_error.ts";
import { writing } from "../files/writing.ts";
import type { OpenedFile } from "./columnar_base.ts";
import type { ColumnarFiles } from "./columnar_files.ts";
import type { Content } from "./columnar_format.ts";
import { type FileMark, markMetadata } from "./file_mark.ts";

/**
 * Writes a columnar file next to the one of a store, syncs it, and has a body put it in its place. Files of
 * killed compactions are removed.
 *
 * @param finish Is given the file and the number of its rows.
 */
export async function writeNewFile<T>(
  files: ColumnarFiles,
  content: Omit<Content, "metadata">,
  mark: FileMark,
  finish: (file: string, count: number) => Promise<T>,
): Promise<T> {
  files.base.checkWritable();
  for (const file of unfinishedFiles(files.path)) removeFile(file);
  const file = `${prefixOf(files.path)}${newId()}`;
  const placeholder = checksumPlaceholder();
  const metadata = markMetadata(mark, placeholder);
  try {
    const count = await writing(files.path, async () => {
      const written = await files.format.write(file, { ...content, metadata });
      finishFile(file, files.path, placeholder);
      return written;
    });
    return await finish(file, count);
  } finally {
    removeFile(file);
  }
}

/** Renames a new file to the store's name. False if the store's file is another one now. Only under the lock. */
export function replaceFile(
  files: ColumnarFiles,
  file: string,
  replaced: OpenedFile | undefined,
): boolean {
  if (files.base.opened !== replaced) return false;
  fs.renameSync(file, files.path);
  syncFolder(path.dirname(files.path));
  return true;
}

/** Returns the new files next to a store that are being written, or were left by killed processes. */
export function unfinishedFiles(store: string): string[] {
  const folder = path.dirname(store);
  return fs.readdirSync(folder).map((name) => path.join(folder, name))
    .filter((file) => file.startsWith(prefixOf(store)));
}

function prefixOf(store: string): string {
  return path.join(path.dirname(store), `.${path.basename(store)}.merge-`);
}

/** Writes the checksum of a new file, gives it the access of the one that it replaces, and syncs it. */
function finishFile(file: string, replaced: string, placeholder: string): void {
  const fd = fs.openSync(file, "r+");
  try {
    writeChecksum(fd, placeholder);
    const found = fs.statSync(replaced, { throwIfNoEntry: false });
    if (found) giveAccess(file, found);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
