#!/usr/bin/env node
/**
 * stet on the command line: `deno run --allow-read --allow-write cli.ts status runs.csv`.
 *
 * @example
 * ```ts
 * import { main } from "@stet/stet/cli";
 * import assert from "node:assert/strict";
 *
 * const lines: string[] = [];
 * assert.equal(await main(["--help"], { log: (line) => lines.push(line) }), 0);
 * assert(lines.join("\n").includes("status"));
 * ```
 *
 * @module
 */
import process from "node:process";
import type { Io } from "./cli/command.ts";

export type { Io, Terminal } from "./cli/command.ts";

/**
 * Runs a command line and resolves to its exit code: 0 done, 2 the command line is wrong, 3 the store
 * cannot be used.
 *
 * @param args The arguments after `cli.ts`.
 * @param io Its output. Default: standard output and standard error.
 */
export async function main(args: readonly string[], io: Io = {}): Promise<number> {
  return await (await import("./cli/main.ts")).main(args, io);
}

if (import.meta.main) {
  // Without it Node strips the types of every module at every start, two thirds of its time here.
  if (process.versions["deno"] === undefined && process.versions["bun"] === undefined) {
    process.getBuiltinModule("node:module").enableCompileCache();
  }
  process.exitCode = await main(process.argv.slice(2));
}
