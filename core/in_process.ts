import type { Executor, Job } from "./executor.ts";

/**
 * Runs in this thread: the executor of a sweep that names none. More than one at a time is of use to
 * functions that wait, for a model's answer or a disk; those that compute want `workers`.
 *
 * A function here cannot be stopped: when its attempt is aborted, that counts as failed at once, and
 * whatever the function still does is ignored.
 *
 * @throws {RangeError} If `concurrency` is no whole number from 1 up.
 *
 * @example
 * ```ts
 * import { inProcess, once, sweep } from "@stet/stet";
 * import { MemoryBackend } from "@stet/stet/backends";
 * import assert from "node:assert/strict";
 *
 * const ask = once(async ({ n }: { n: number }) => n, { store: new MemoryBackend() });
 * const executor = inProcess({ concurrency: 8 });
 * const { ran } = await sweep(ask, [{ n: 1 }, { n: 2 }], { executor }).done;
 * assert.equal(ran, 2);
 * ```
 */
export function inProcess({ concurrency = 1 }: InProcessOptions = {}): Executor {
  if (!(concurrency >= 1 && (Number.isSafeInteger(concurrency) || concurrency === Infinity))) {
    throw new RangeError(
      `Cannot run in process: concurrency must be a whole number from 1 up, got ${concurrency}`,
    );
  }
  return { concurrency, run };
}

/** Options of {@linkcode inProcess}. */
export interface InProcessOptions {
  /** How many runs at once. Default: 1. */
  readonly concurrency?: number;
}

async function run(job: Job): Promise<unknown> {
  const { signal } = job;
  signal.throwIfAborted();
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort);
  });
  try {
    return await Promise.race([job.call(), aborted]);
  } finally {
    signal.removeEventListener("abort", abort!);
  }
}
