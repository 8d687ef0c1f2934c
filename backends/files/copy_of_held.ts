import fs from "node:fs";
import path from "node:path";
import { TemporaryFolder } from "../../core/runtime/temporary_folder.ts";
import { readAt, writeAll } from "./file_bytes.ts";
import type { HeldFile } from "./held_file.ts";

/** How much is copied at a time, in bytes. */
const CHUNK = 1 << 20;

/** A copy of a held file where nobody else comes, by its path; it goes when the file is closed. */
export function copyOfHeld(held: HeldFile): string {
  const folder = new TemporaryFolder("stet-read-");
  held.whenFreed(() => folder.remove());
  const copy = path.join(folder.path, "file");
  const fd = fs.openSync(copy, "wx", 0o600);
  try {
    const bytes = new Uint8Array(CHUNK);
    for (let at = 0; at < held.size; at += CHUNK) {
      writeAll(fd, bytes.subarray(0, readAt(held.fd, bytes, 0, CHUNK, at)), null);
    }
  } finally {
    fs.closeSync(fd);
  }
  return copy;
}
