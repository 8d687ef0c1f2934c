import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The runtime that measures; the processes that it starts are of the same. */
export const runtime: "deno" | "bun" | "node" = process.versions["deno"]
  ? "deno"
  : process.versions["bun"]
  ? "bun"
  : "node";

const folder = fileURLToPath(new URL(".", import.meta.url));

/** A script, as its absolute path or that from this folder, with its arguments. */
type Command = readonly [script: string, ...args: string[]];

function argsOf([script, ...args]: Command, permissions: readonly string[]): string[] {
  const path = resolve(folder, script);
  switch (runtime) {
    case "deno":
      return ["run", "--quiet", ...permissions, path, ...args];
    case "bun":
      return [path, ...args];
    case "node":
      return ["--disable-warning=ExperimentalWarning", path, ...args];
  }
}

/**
 * Runs a script in a fresh process.
 *
 * @param permissions What Deno grants it.
 * @returns What it printed, and how long the whole process took.
 * @throws {Error} If it fails.
 */
export function runChild(
  command: Command,
  permissions: readonly string[] = ["-A"],
): { readonly output: string; readonly seconds: number } {
  const start = performance.now();
  const { status, stdout, error } = spawnSync(process.execPath, argsOf(command, permissions), {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  const seconds = (performance.now() - start) / 1000;
  if (status !== 0) {
    throw new Error(`Cannot measure: ${command.join(" ")} ended with ${error ?? status}`);
  }
  return { output: stdout, seconds };
}

/** Starts a script in a process that is talked with through its standard input and output. */
export function startChild(command: Command): ChildProcess {
  return spawn(process.execPath, argsOf(command, ["-A"]), { stdio: ["pipe", "pipe", "inherit"] });
}

/** Resolves to the next line that a child prints. */
export function lineOf({ stdout }: ChildProcess): Promise<string> {
  return new Promise((resolve) => stdout!.once("data", (text) => resolve(String(text))));
}
