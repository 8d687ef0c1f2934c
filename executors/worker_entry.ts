/** What runs in a worker: imports the module it was started for, and calls its export, job by job. */
import process from "node:process";
import { type Exported, setWorkerRole } from "../core/runs/halt_in_worker.ts";
import { nearestName } from "../core/values/nearest_name.ts";
import { underlyingOf } from "../core/runs/underlying.ts";
import { checkSendable } from "./check_sendable.ts";
import { sendError, type SentError } from "./sent_error.ts";

/** What a worker says. */
export type Said =
  | { readonly says: "ready" }
  | { readonly says: "refused" | "threw" | "uncaught"; readonly error: SentError }
  | { readonly says: "gave"; readonly value: unknown };

/** The URL of this module, whatever it was compiled to. */
export const workerEntry: string = import.meta.url;

/** The environment variable that makes a process that is started a worker: a {@linkcode WorkerStart} as JSON. */
export const WORKER_VARIABLE = "STET_WORKER";

/** What a worker is told at its start. */
export interface WorkerStart extends Exported {
  /** The folder to work in. */
  readonly folder: string;
  /** The path of the main module of who started it, as `process.argv[1]`. */
  readonly main: string;
}

/** How long a worker that is to end waits to be killed, in milliseconds. */
const UNHEARD = 10_000;

type AnyFunction = (...args: unknown[]) => unknown;

// No other process has a channel: Deno asks for no permission then.
const start = process.send && process.env[WORKER_VARIABLE];
if (start) {
  delete process.env[WORKER_VARIABLE]; // what it starts is no worker
  const { folder, main, ...exported }: WorkerStart = JSON.parse(start);
  // On Deno a worker begins in the folder of its module, whose deno.json counts then.
  if (process.cwd() !== folder) process.chdir(folder);
  // The module may read its arguments when it is imported: they are those of who started the worker.
  process.argv[1] = main;
  // Whoever would get what it does is gone.
  process.on("disconnect", () => process.exit());
  void serve(exported);
}

async function serve(exported: Exported): Promise<void> {
  let fn: AnyFunction | undefined;
  let isImporting = true;
  function found(it: AnyFunction): void {
    if (!fn) say({ says: "ready" });
    fn ??= it;
  }
  const refuse = (error: unknown): void => sayLast({ says: "refused", error: sent(error) });
  process.on("message", async (args: readonly unknown[]) => say(await answer(fn!, exported, args)));
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.on(event, (error) => sayLast({ says: "uncaught", error: sent(error) }));
  }
  setWorkerRole({ ...exported, isImporting: () => isImporting, found, refuse });
  try {
    const exports: Readonly<Record<string, unknown>> = await import(exported.module);
    isImporting = false;
    found(functionOf(exports, exported));
  } catch (error) {
    refuse(error);
  }
}

async function answer(
  fn: AnyFunction,
  { name }: Exported,
  args: readonly unknown[],
): Promise<Said> {
  try {
    const value = await fn(...args);
    checkSendable(value, `what ${name}() returned`);
    return { says: "gave", value };
  } catch (error) {
    return { says: "threw", error: sent(error) };
  }
}

function functionOf(exports: Readonly<Record<string, unknown>>, exported: Exported): AnyFunction {
  const { module, name } = exported;
  const fn = underlyingOf(exports[name]);
  if (fn) return fn;
  if (Object.hasOwn(exports, name)) {
    throw new TypeError(
      `Cannot run "${name}" of ${module}: it is no function, once function or Store`,
    );
  }
  const names = Object.keys(exports);
  const nearest = nearestName(name, names);
  throw new TypeError(
    `Cannot run "${name}" of ${module}: it exports ${names.join(", ") || "nothing"}` +
      (nearest === undefined ? "" : `; did you mean "${nearest}"?`),
  );
}

function say(said: Said): void {
  process.send!(said);
}

/**
 * Says what ends this worker. Who hears it kills the worker: what one says that exits by itself, Deno
 * may lose.
 */
function sayLast(said: Said): void {
  say(said);
  setTimeout(() => process.exit(1), UNHEARD);
}

function sent(error: unknown): SentError {
  return sendError(error, canSend);
}

function canSend(x: unknown): boolean {
  try {
    checkSendable(x, "it");
    return true;
  } catch {
    return false;
  }
}
