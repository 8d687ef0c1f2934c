import path from "node:path";
import { TemporaryFolder } from "../../core/runtime/temporary_folder.ts";
import { readAt, withFile, writeAll } from "./file_bytes.ts";
import type { HeldFile } from "./held_file.ts";

/** Number of bytes that are copied at a time. */
const CHUNK_BYTES = 1 << 20;

/** Copies a held file to a folder of this process, and returns the path. The copy is removed with the file. */
export function copyOfHeld(held: HeldFile): string {
  const folder = new TemporaryFolder("stet-read-");
  held.whenFreed(() => folder.remove());
  const copy = path.join(folder.path, "file");
  withFile(copy, "wx", (fd) => {
    const bytes = new Uint8Array(CHUNK_BYTES);
    for (let at = 0; at < held.size; at += CHUNK_BYTES) {
      writeAll(fd, bytes.subarray(0, readAt(held.fd, bytes, 0, CHUNK_BYTES, at)), null);
    }
  }, 0o600);
  return copy;
}
