/** Main module of a worker: imports the module of its start, and calls the export, job by job. */
import process from "node:process";
import { type Exported, setWorkerRole } from "../core/runs/halt_in_worker.ts";
import { nearestName } from "../core/values/nearest_name.ts";
import { underlyingOf } from "../core/runs/target.ts";
import { checkSendable } from "./check_sendable.ts";
import { sendError, type SentError } from "./sent_error.ts";

/** Message of a worker. */
export type WorkerMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "refused" | "threw" | "uncaught"; readonly error: SentError }
  | { readonly kind: "returned"; readonly value: unknown };

/** The URL of this module, whatever it was compiled to. */
export const workerEntry: string = import.meta.url;

/** The environment variable that makes a process that is started a worker: a {@linkcode WorkerStart} as JSON. */
export const WORKER_VARIABLE = "STET_WORKER";

/** Start data of a worker. */
export interface WorkerStart extends Exported {
  /** The folder to work in. */
  readonly folder: string;
  /** Main module of the process that started it, as `process.argv[1]`. */
  readonly main: string;
}

/** Time that an ending worker waits to be killed. */
const MAX_WAIT_MS = 10_000;

type AnyFunction = (...args: unknown[]) => unknown;

// No other process has a channel: Deno asks for no permission then.
const start = process.send && process.env[WORKER_VARIABLE];
if (start) {
  delete process.env[WORKER_VARIABLE]; // its own child processes are no workers
  const { folder, main, ...exported }: WorkerStart = JSON.parse(start);
  // On Deno a worker begins in the folder of its module, whose deno.json counts then.
  if (process.cwd() !== folder) process.chdir(folder);
  // The module may read its arguments at import: they are those of the process that started the worker.
  process.argv[1] = main;
  // No process is left to get its results.
  process.on("disconnect", () => process.exit());
  void serve(exported);
}

async function serve(exported: Exported): Promise<void> {
  let fn: AnyFunction | undefined;
  let isImporting = true;
  function found(it: AnyFunction): void {
    if (!fn) send({ kind: "ready" });
    fn ??= it;
  }
  const refuse = (error: unknown): void => sendLast({ kind: "refused", error: sendError(error) });
  process.on(
    "message",
    async (args: readonly unknown[]) => send(await answer(fn!, exported, args)),
  );
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.on(event, (error) => sendLast({ kind: "uncaught", error: sendError(error) }));
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
): Promise<WorkerMessage> {
  try {
    const value = await fn(...args);
    checkSendable(value, `what ${name}() returned`);
    return { kind: "returned", value };
  } catch (error) {
    return { kind: "threw", error: sendError(error) };
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

function send(message: WorkerMessage): void {
  process.send!(message);
}

/** Sends the last message. The receiver kills the worker: Deno may lose the message of an exiting process. */
function sendLast(message: WorkerMessage): void {
  send(message);
  setTimeout(() => process.exit(1), MAX_WAIT_MS);
}
