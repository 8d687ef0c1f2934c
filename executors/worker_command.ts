import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Exported } from "../core/runs/halt_in_worker.ts";
import { isCompiled } from "../core/runtime/is_compiled.ts";
import { permissionFlags } from "../core/runtime/own_words.ts";
import { WORKER_VARIABLE, workerEntry, type WorkerStart } from "./worker_entry.ts";

/** Command line of a worker. */
export interface WorkerCommand {
  readonly args: readonly string[];
  /** Its standard input. Default: none. */
  readonly stdin?: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Options of Node and Bun about loading modules; a worker must load them alike. */
const LOADING =
  /^(?:-r|-C|--(?:import|require|loader|experimental-.*|no-experimental-.*|conditions|env-file|preload|smol|disable-warning|no-warnings|tsconfig-override)(?:=.*)?)$/s;

/** Returns the command line of a worker in this runtime. */
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
  if (process.versions["deno"] !== undefined) {
    const isFile = exported.module.startsWith("file:");
    const folder = isFile ? dirname(fileURLToPath(exported.module)) : cwd;
    return {
      args: [
        "run",
        "--quiet",
        ...permissionFlags(),
        ...heap.map((flag) => `--v8-flags=${flag}`),
        ...hasConfig(folder) ? [] : ownConfig(),
        ...runtimeArgs,
        "-",
        ...own,
      ],
      // Deno looks for deno.json and package.json from the folder of the main module, or from the
      // working folder if that comes from standard input. The ones of the user's module must count.
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
      ...isCompiled() ? [] : [fileURLToPath(workerEntry)],
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

/** Returns the config file of this package where it is a clone: a module without one needs our dependencies. */
function ownConfig(): string[] {
  const config = new URL("../deno.json", workerEntry);
  if (config.protocol !== "file:" || !existsSync(config)) return [];
  return [`--config=${fileURLToPath(config)}`];
}

function loadingArgs(args: readonly string[]): string[] {
  const kept: string[] = [];
  for (const [i, arg] of args.entries()) {
    const isValue = !arg.startsWith("-") && kept.length > 0 && kept.at(-1) === args[i - 1];
    if (isValue || LOADING.test(arg)) kept.push(arg);
  }
  return kept;
}
