import { checkOptions } from "../options/check_options.ts";
import { wholeFrom } from "../options/option_forms.ts";
import type { Executor, Job } from "./executor.ts";

/** Options of {@linkcode inProcess}. */
export interface InProcessOptions {
  /** Number of runs at a time: more than one helps functions that wait. Default: 1. */
  readonly concurrency?: number;
}

/**
 * An executor that calls the function in this thread.
 *
 * A job that is aborted rejects at once with its signal's reason, but the function cannot be stopped:
 * it runs until it returns, and its result is ignored.
 *
 * @example
 * ```ts
 * import { inProcess, once, sweep } from "@stet/stet";
 * import { MemoryBackend } from "@stet/stet/backends";
 * import assert from "node:assert/strict";
 *
 * const square = once(async ({ n }: { n: number }) => n * n, { store: new MemoryBackend() });
 * const executor = inProcess({ concurrency: 2 });
 * const { ran } = await sweep(square, [{ n: 1 }, { n: 2 }], { executor }).done;
 * assert.equal(ran, 2);
 * ```
 */
export function inProcess(options: InProcessOptions = {}): Executor {
  checkOptions("run in this process", options, { concurrency: wholeFrom(1) });
  const { concurrency = 1 } = options;
  return { concurrency, run: call };
}

async function call({ call, signal }: Job): Promise<unknown> {
  signal.throwIfAborted();
  const returned = call();
  if (!isThenable(returned)) return returned;
  let abort: (() => void) | undefined;
  try {
    return await new Promise((resolve, reject) => {
      signal.addEventListener("abort", abort = () => reject(signal.reason));
      returned.then(resolve, reject);
    });
  } finally {
    signal.removeEventListener("abort", abort!);
  }
}

function isThenable(x: unknown): x is PromiseLike<unknown> {
  return typeof (x as PromiseLike<unknown> | null | undefined)?.then === "function";
}
