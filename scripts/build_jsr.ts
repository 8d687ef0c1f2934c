/**
 * Copies the sources that JSR publishes into `dist/jsr`, or the folder given, with absolute links in their pages.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { absolutePage } from "./absolute_page.ts";
import { root } from "./compile.ts";

/** Copies the tracked files that deno.json publishes into a folder, which is emptied first. */
export function buildJsr(folder: string): void {
  const { publish } = JSON.parse(readFileSync(join(root, "deno.json"), "utf8")) as {
    readonly publish: { readonly exclude: readonly string[] };
  };
  const { status, stdout, stderr, error } = spawnSync("git", ["ls-files", "-z"], {
    cwd: root,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`Cannot list the sources: ${stderr}`, { cause: error });
  rmSync(folder, { recursive: true, force: true });
  for (const path of stdout.split("\0").filter((path) => path !== "")) {
    if (publish.exclude.some((name) => path === name || path.startsWith(`${name}/`))) continue;
    cpSync(join(root, path), join(folder, path));
    if (path.endsWith(".md")) writeFileSync(join(folder, path), absolutePage(path));
  }
}

if (import.meta.main) buildJsr(process.argv[2] ?? join(root, "dist/jsr"));
