import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Cleaned } from "./temp_folder.ts";

/** Why no small file system can be mounted here; undefined if one can. */
export function whyNoMount(): string | undefined {
  if (process.getuid?.() !== 0) return "only root may mount a small file system";
  const folder = fs.mkdtempSync(join(tmpdir(), "stet-test-"));
  const { status, stderr, error } = mount(folder, "size=64k");
  if (status === 0) spawnSync("umount", ["-l", folder]);
  fs.rmdirSync(folder);
  return status === 0 ? undefined : `cannot mount: ${error?.message ?? stderr.trim()}`;
}

/** Mounts an empty file system in memory on a folder. */
export function mount(folder: string, options: string): SpawnSyncReturns<string> {
  return spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder], { encoding: "utf8" });
}

/** A folder that is a small file system of its own. */
export function smallFolder(t: Cleaned, size: string): string {
  const folder = fs.mkdtempSync(join(tmpdir(), "stet-test-"));
  assert.equal(mount(folder, `size=${size}`).status, 0);
  t.after(() => {
    spawnSync("umount", ["-l", folder]); // lazily: stores in it may still be open
    fs.rmdirSync(folder);
  });
  return folder;
}

/** Takes all room there is, and gives it back. */
export function fill(folder: string): () => void {
  const path = join(folder, "filler");
  const fd = fs.openSync(path, "w");
  try {
    for (const size of [4096, 512, 1]) {
      try {
        for (;;) fs.writeSync(fd, Buffer.alloc(size));
      } catch (error) {
        assert.equal((error as { code?: unknown }).code, "ENOSPC");
      }
    }
  } finally {
    fs.closeSync(fd);
  }
  return () => fs.rmSync(path);
}
