import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { atExit, notAtExit } from "../core/runtime/at_exit.ts";
import { isErrorLike, messageOf } from "../core/errors.ts";
import type { Exported } from "../core/runs/halt_in_worker.ts";
import { startError } from "./find_program.ts";
import { guardGroup, killGroup, unguardGroup } from "./guard.ts";
import { receiveError } from "./sent_error.ts";
import type { WorkerMessage } from "./worker_entry.ts";
import { type WorkerCommand, workerCommand } from "./worker_command.ts";

/** A process that runs one export of a module, one job at a time. */
export interface Worker {
  /** Resolves once it has imported its module. Rejects with why it cannot run the export. */
  readonly ready: Promise<void>;
  /** True if it can run no more jobs. */
  readonly isOver: boolean;
  /** Runs a job. Resolves to the result of the function; rejects with its error, or the worker's death. */
  run(args: readonly unknown[]): Promise<unknown>;
  /** Kills it and its group. Resolves when it is gone. */
  kill(): Promise<void>;
}

/** Limits and options of a worker. */
export interface WorkerLimits {
  readonly maxMemoryMb?: number;
  readonly runtimeArgs?: readonly string[];
}

/** Time for the last messages of a dead worker to arrive. */
const LAST_MESSAGES_MS = 100;

/** Interval of checks of a worker's memory. */
const MEMORY_INTERVAL_MS = 100;
/** Page size of /proc on the machines that Bun runs on. */
const PAGE_BYTES = 4096;

/** Starts a worker. It keeps this process alive only during a request. */
export function startWorker(exported: Exported, limits: WorkerLimits): Worker {
  const { maxMemoryMb, runtimeArgs = [] } = limits;
  const child = start(() => workerCommand(exported, maxMemoryMb, runtimeArgs));
  let doing = `it imported ${exported.module}`;
  let waiting: PromiseWithResolvers<unknown> | undefined;
  let isOver = false;
  let isOverMemory = false;
  let uncaught: { readonly error: unknown } | undefined;

  /** Sends one request and resolves to its answer; this process stays alive meanwhile. */
  async function request(what: string, send: () => void): Promise<unknown> {
    retain();
    doing = what;
    const stop = maxMemoryMb !== undefined && process.versions.bun && child.pid !== undefined
      ? watchMemory(child.pid, maxMemoryMb, () => {
        isOverMemory = true;
        void kill();
      })
      : () => {};
    try {
      waiting = Promise.withResolvers();
      send();
      return await waiting.promise;
    } finally {
      stop();
      waiting = undefined;
      release();
    }
  }

  function retain(): void {
    if (child.pid === undefined) return; // it could not be started
    child.ref();
    child.channel?.ref?.();
  }

  function release(): void {
    if (child.pid === undefined) return;
    child.unref();
    child.channel?.unref?.();
  }

  const killLeft = (): void => void killGroup(child, "SIGKILL");
  atExit(killLeft);
  if (child.pid !== undefined) void guardGroup(child.pid); // done long before it runs anything
  const gone = new Promise<void>((resolve) => {
    function over(error: () => Error): void {
      isOver = true;
      notAtExit(killLeft);
      if (child.pid !== undefined) unguardGroup(child.pid);
      waiting?.reject(error());
      resolve();
    }
    child.on("error", (error) => {
      if (child.pid === undefined) return over(() => startError(process.execPath, error));
      waiting?.reject(new Error(`the worker cannot be reached while ${doing}`, { cause: error }));
      killGroup(child, "SIGKILL");
    });
    child.once("exit", (code, signal) => {
      isOver = true;
      killGroup(child, "SIGKILL"); // its background processes
      const end = (): void => over(() => deathOf(code, signal));
      if (!child.connected) return end();
      child.once("disconnect", end);
      setTimeout(end, LAST_MESSAGES_MS);
    });
  });
  child.on("message", (message: WorkerMessage) => {
    const { kind } = message;
    if (kind === "ready") waiting?.resolve(undefined);
    else if (kind === "returned") waiting?.resolve(message.value);
    else if (kind === "uncaught") uncaught = { error: receiveError(message.error) };
    else waiting?.reject(receiveError(message.error));
    // It waits to be killed: a message of an exiting process may be lost.
    if (kind === "uncaught" || kind === "refused") void kill();
  });

  function deathOf(code: number | null, signal: NodeJS.Signals | null): Error {
    const limit = maxMemoryMb === undefined ? "" : ` (limit ${maxMemoryMb} MB)`;
    if (uncaught) {
      const { error } = uncaught;
      const what = isErrorLike(error) ? `${error.name}: ${error.message}` : messageOf(error);
      return new Error(`the worker died while ${doing}: uncaught ${what}`, { cause: error });
    }
    if (isOverMemory) return new Error(`the worker ran out of memory${limit} while ${doing}`);
    // V8 ends a process that is out of memory by a trap of one of these kinds.
    if (signal === "SIGABRT" || signal === "SIGTRAP" || signal === "SIGILL" || code === 134) {
      return new Error(
        `the worker crashed (${signal ?? "SIGABRT"}) while ${doing}: most likely it ran out of ` +
          `memory${limit}; see what it wrote to the terminal, give it more with maxMemoryMb`,
      );
    }
    return new Error(
      signal === null
        ? `the worker exited with code ${code} while ${doing}`
        : `the worker was killed by ${signal} while ${doing}`,
    );
  }

  async function kill(): Promise<void> {
    isOver = true;
    retain();
    killGroup(child, "SIGKILL");
    await gone;
  }

  const ready = request(doing, () => {}).then(() => {});
  ready.catch(() => {}); // each job awaits it
  return {
    ready,
    get isOver(): boolean {
      return isOver;
    },
    run: (args) => request(`it ran ${exported.name}()`, () => child.send(args as object)),
    kill,
  };
}

function start(command: () => WorkerCommand): ChildProcess {
  try {
    const { args, stdin, cwd, env } = command();
    if (!existsSync(cwd)) throw new Error(`its module's folder ${cwd} does not exist`);
    // In a group of its own, so that Ctrl-C in the terminal is for the sweep to act on.
    const child = spawn(process.execPath, args, {
      cwd,
      env,
      detached: true,
      stdio: [stdin === undefined ? "ignore" : "pipe", "inherit", "inherit", "ipc"],
      serialization: "advanced",
    });
    child.stdin?.on("error", () => {}); // it died: its end says why
    child.stdin?.end(stdin);
    return child;
  } catch (error) {
    throw startError(process.execPath, error);
  }
}

/**
 * Calls `exceeded` when a process has more memory than allowed, for Bun, which has no limit of its own.
 * Linux only: elsewhere the memory of another process is known only to a third. Returns a function that
 * ends the watch.
 */
function watchMemory(pid: number, maxMemoryMb: number, exceeded: () => void): () => void {
  if (process.platform !== "linux") return () => {};
  const timer = setInterval(() => {
    try {
      const [, pages] = readFileSync(`/proc/${pid}/statm`, "latin1").split(" ");
      if (Number(pages) * PAGE_BYTES > maxMemoryMb * 2 ** 20) exceeded();
    } catch {
      clearInterval(timer); // the process is gone
    }
  }, MEMORY_INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
