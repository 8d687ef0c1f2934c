import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Executor, Job } from "../core/runs/executor.ts";
import { setExported } from "../core/runs/halt_in_worker.ts";
import { checkOptions, type OptionForms } from "../core/options/check_options.ts";
import {
  location,
  numeric,
  type OptionForm,
  texts,
  wholeFrom,
} from "../core/options/option_forms.ts";
import { isPlainObject } from "../core/values/value.ts";
import { checkSendable } from "./check_sendable.ts";
import { startWorker, type Worker, type WorkerLimits } from "./worker.ts";

/** Options of {@linkcode workers}. */
export interface WorkersOptions {
  /** Number of runs at once, each in a worker of its own. Default: the number of processors. */
  readonly concurrency?: number;
  /**
   * Maximum memory of a worker, in megabytes: of its heap on Deno and Node, buffers not counted; in all on
   * Bun, where it is watched on Linux only. Default: the limit of the runtime.
   */
  readonly maxMemoryMb?: number;
  /** More options for the runtime, such as `--config=…` of Deno. Default: none. */
  readonly runtimeArgs?: readonly string[];
}

const MODULE: OptionForm = { ...location, text: "a path or URL, such as import.meta.url" };

const OPTIONS: OptionForms<WorkersOptions> = {
  concurrency: wholeFrom(1),
  maxMemoryMb: numeric("megabytes above 0", (x) => x > 0),
  runtimeArgs: texts,
};

/**
 * An executor that runs an exported function in other processes of this runtime, for functions that
 * keep a processor busy. Workers are started on demand in about 50 ms, and reused for the next runs.
 *
 * They are processes, not threads, since only a process can always be stopped, and dies alone: a
 * run that is aborted or takes too long is killed with its child processes, and a worker that
 * crashes, exits or runs out of memory fails its run only. Arguments and results are copied: plain data,
 * dates, maps, sets, typed arrays. Errors come back with name, message, stack, cause and fields. Deno needs
 * `--allow-run --allow-env`; workers get the full permissions of this process, others by `runtimeArgs`.
 *
 * A worker imports the module. If the module sweeps this export when it is imported, the worker's own
 * sweep stays without effect, and of the code after it nothing runs there.
 *
 * Workers and their child processes end with this process, also when it is killed; where there is no
 * `/bin/sh`, or Deno may not run it, busy ones end when their function returns.
 *
 * @param module The module's URL (`import.meta.url`, `new URL("./train.ts", import.meta.url)`), or a
 * path from the working folder.
 * @param exportName An export: a function, a `once` function or a Store. Workers run the function
 * underneath; the process of the sweep keeps the store.
 *
 * @example
 * ```ts
 * import { once, sweep, workers } from "@stet/stet";
 * import { MemoryBackend } from "@stet/stet/backends";
 * import assert from "node:assert/strict";
 * import fs from "node:fs";
 *
 * fs.writeFileSync("example_fib.mjs", `
 *   export const fib = ({ n }) => n < 2 ? n : fib({ n: n - 1 }) + fib({ n: n - 2 });
 * `);
 * const fib = once(({ n }: { n: number }) => n, { store: new MemoryBackend(), save: true });
 * const executor = workers("example_fib.mjs", "fib", { concurrency: 2 });
 * await sweep(fib, [{ n: 5 }, { n: 20 }], { executor }).done;
 * assert.equal(await fib({ n: 20 }), 6765);
 * fs.unlinkSync("example_fib.mjs");
 * ```
 */
export function workers(
  module: string | URL,
  exportName = "default",
  options: WorkersOptions = {},
): Executor {
  checkOptions("use workers", { module }, { module: MODULE });
  checkOptions("use workers", options, OPTIONS);
  const { concurrency = availableParallelism(), ...limits } = options;
  const executor = new Workers(urlOf(module), exportName, concurrency, limits);
  setExported(executor, { module: urlOf(module), name: exportName });
  return executor;
}

function urlOf(module: string | URL): string {
  const text = String(module);
  // One letter and a colon is a drive of Windows.
  return /^[a-z][a-z\d+.-]+:/i.test(text) ? new URL(text).href : pathToFileURL(resolve(text)).href;
}

class Workers implements Executor {
  readonly concurrency: number;
  readonly #start: () => Worker;
  #idle: Worker[] = [];
  readonly #all = new Set<Worker>();
  /** Number of sweeps that use it. */
  #opened = 0;

  constructor(module: string, name: string, concurrency: number, limits: WorkerLimits) {
    this.concurrency = concurrency;
    this.#start = () => startWorker({ module, name }, limits);
  }

  async open(): Promise<void> {
    this.#opened++;
    const worker = this.#acquire();
    try {
      await worker.ready;
      this.#release(worker);
    } catch (error) {
      await worker.kill();
      this.#all.delete(worker);
      throw error;
    }
  }

  check({ args }: Pick<Job, "args">): void {
    for (const [i, arg] of args.entries()) {
      checkSendable(arg, i === 0 && isPlainObject(arg) ? "params" : `args[${i}]`);
    }
  }

  async run({ args, signal }: Job): Promise<unknown> {
    signal.throwIfAborted();
    const worker = this.#acquire();
    const abort = (): void => void worker.kill();
    signal.addEventListener("abort", abort);
    try {
      await worker.ready;
      return await worker.run(args);
    } catch (error) {
      if (!signal.aborted) throw error;
      await worker.kill();
      throw signal.reason;
    } finally {
      signal.removeEventListener("abort", abort);
      this.#release(worker);
    }
  }

  async close(): Promise<void> {
    if (--this.#opened > 0) return;
    this.#opened = 0;
    this.#idle = [];
    await Promise.all([...this.#all].map((worker) => worker.kill()));
    this.#all.clear();
  }

  #acquire(): Worker {
    for (let worker = this.#idle.pop(); worker; worker = this.#idle.pop()) {
      if (!worker.isOver) return worker;
      this.#all.delete(worker);
    }
    const worker = this.#start();
    this.#all.add(worker);
    return worker;
  }

  #release(worker: Worker): void {
    if (worker.isOver) this.#all.delete(worker);
    else this.#idle.push(worker);
  }
}
