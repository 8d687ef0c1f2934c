import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Exported } from "../core/runs/halt_in_worker.ts";
import { WORKER_VARIABLE, workerEntry, type WorkerStart } from "./worker_entry.ts";

/** How a worker is started. */
export interface WorkerCommand {
  readonly args: readonly string[];
  /** What it reads from standard input. Default: nothing. */
  readonly stdin?: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

interface DenoPermissions {
  querySync(descriptor: { name: string }): { state: "granted" | "prompt" | "denied" };
}

/** The options of Node and Bun that say how modules are loaded; a worker must load them alike. */
const loading =
  /^(?:-r|-C|--(?:import|require|loader|experimental-.*|no-experimental-.*|conditions|env-file|preload|smol|disable-warning|no-warnings|tsconfig-override)(?:=.*)?)$/s;

const kinds = ["read", "write", "net", "env", "run", "ffi", "sys", "import"] as const;

/** How this runtime runs a worker. */
export function workerCommand(
  exported: Exported,
  maxMemoryMb: number | undefined,
  runtimeArgs: readonly string[],
): WorkerCommand {
  const cwd = process.cwd();
  const own = process.argv.slice(2);
  const start: WorkerStart = { ...exported, folder: cwd, main: process.argv[1] ?? "" };
  const env = { ...process.env, [WORKER_VARIABLE]: JSON.stringify(start) };
  const heap = maxMemoryMb === undefined ? [] : [`--max-old-space-size=${maxMemoryMb}`];
  const { Deno } = globalThis as { Deno?: { permissions: DenoPermissions } };
  if (Deno) {
    const isGranted = (name: string): boolean =>
      Deno.permissions.querySync({ name }).state === "granted";
    const permissions = kinds.every(isGranted)
      ? ["--allow-all"]
      : ["--no-prompt", ...kinds.filter(isGranted).map((kind) => `--allow-${kind}`)];
    const isFile = exported.module.startsWith("file:");
    const folder = isFile ? dirname(fileURLToPath(exported.module)) : cwd;
    return {
      args: [
        "run",
        "--quiet",
        ...permissions,
        ...heap.map((flag) => `--v8-flags=${flag}`),
        ...hasConfig(folder) ? [] : ownConfig(),
        ...runtimeArgs,
        "-",
        ...own,
      ],
      // Deno looks for deno.json and package.json from the folder of the main module, or from the
      // working folder if that comes from standard input. The user's module's own are to count.
      stdin: `await import(${JSON.stringify(workerEntry)});`,
      cwd: folder,
      env,
    };
  }
  return {
    args: [
      ...loadingArgs(process.execArgv),
      ...process.versions.bun ? [] : heap, // Bun has no such limit
      ...runtimeArgs,
      fileURLToPath(workerEntry),
      ...own,
    ],
    cwd,
    env,
  };
}

function hasConfig(folder: string): boolean {
  const files = ["deno.json", "deno.jsonc", "package.json"];
  return files.some((file) => existsSync(join(folder, file))) ||
    (dirname(folder) !== folder && hasConfig(dirname(folder)));
}

/** The config file of this package where it is a clone: a module without one needs our dependencies. */
function ownConfig(): string[] {
  const config = new URL("../deno.json", workerEntry);
  if (config.protocol !== "file:" || !existsSync(config)) return [];
  return [`--config=${fileURLToPath(config)}`];
}

function loadingArgs(args: readonly string[]): string[] {
  const kept: string[] = [];
  for (const [i, arg] of args.entries()) {
    const isValue = !arg.startsWith("-") && kept.length > 0 && kept.at(-1) === args[i - 1];
    if (isValue || loading.test(arg)) kept.push(arg);
  }
  return kept;
}
