import { messageOf } from "../../core/errors.ts";
import type { DispatchedSweep, Dispatcher } from "../../core/runs/dispatcher.ts";
import type { Executor, Job } from "../../core/runs/executor.ts";
import { shownLocation } from "../../core/runtime/shown_location.ts";
import { inProcess } from "../../core/runs/in_process.ts";
import { checkOptions } from "../../core/options/check_options.ts";
import { shown } from "../../core/values/described.ts";
import { executor, flag, type OptionForm, text } from "../../core/options/option_forms.ts";
import { isPlainObject } from "../../core/values/value.ts";
import type { DispatchOptions } from "./chunk_dispatcher.ts";
import { encodeItem } from "./encode_item.ts";

/** Options of {@linkcode cluster}. */
export interface ClusterOptions {
  /**
   * Executor of the runs if the workers' queue cannot be reached when the sweep begins: after a warning they run
   * in this process. `false`: the sweep fails. Default: `inProcess()`.
   */
  readonly fallback?: Executor | false;
  /** True to leave once all runs were sent. A later sweep finds what the workers have done. Default: false. */
  readonly detach?: boolean;
  /** Command that starts a worker, for messages. Default: `stet worker`. */
  readonly workerCommand?: string;
}

/**
 * An executor that has workers on any number of machines run the runs. Workers are processes that wait:
 * `stet worker module.ts#run --store postgres://…`, which come and leave at will.
 *
 * Runs are sent as jobs of pg-boss, a queue in PostgreSQL (package `pg-boss`, version 12.38.0), many in one. A
 * worker claims and records each run through the store, so that each key is recorded once although a queue
 * delivers at least once. The store alone says which keys are done. Keys that are in the queue already are not
 * sent again, another worker repeats the runs of a dead one after about half a minute, and a sweep that was killed
 * can be started again.
 *
 * `timeout`, `retries` and `retryDelay` (a number) apply at the workers, `perSecond` to the sending. The first
 * Ctrl-C cancels what waits and lets workers finish the runs under way, the second ends those too.
 *
 * @param url The database of the queue: that of the store, or another one that all machines reach.
 *
 * @example
 * ```ts ignore
 * import { cluster, expandGrid, once, range, sweep } from "@stet/stet";
 *
 * const url = "postgresql://user@host/database";
 * export const train = once(({ seed }: { seed: number }) => Math.sin(seed), { store: url, save: true });
 * if (import.meta.main) {
 *   await sweep(train, expandGrid({ seed: range(0, 999) }), { executor: cluster(url) }).done;
 * }
 * ```
 */
export function cluster(url: string | URL, options: ClusterOptions = {}): Executor {
  if (!/^postgres(?:ql)?(?:\+\w+)?:/i.test(String(url))) {
    throw new TypeError(
      `Cannot use a cluster: url must be that of a PostgreSQL database, as in ` +
        `"postgres://user@host/database", got ${
          typeof url === "string" ? `"${shownLocation(url)}"` : shown(url)
        }`,
    );
  }
  checkOptions("use a cluster", options, { fallback, detach: flag, workerCommand: text });
  return new Cluster(String(url), options);
}

const fallback: OptionForm = {
  text: `${executor.text}, or false`,
  isOfType: (value) => value === false || executor.isOfType(value),
};

class Cluster implements Executor {
  readonly concurrency: number;
  readonly #url: string;
  readonly #dispatching: DispatchOptions;
  readonly #fallback: Executor | undefined;
  /** True while the runs are in this process. */
  #isHere = false;

  constructor(
    url: string,
    { fallback = inProcess(), detach: isDetached = false, workerCommand }: ClusterOptions,
  ) {
    this.#url = url;
    this.#dispatching = { isDetached, workerCommand };
    this.#fallback = fallback || undefined;
    this.concurrency = this.#fallback?.concurrency ?? 1;
  }

  async dispatch(sweep: DispatchedSweep): Promise<Dispatcher | undefined> {
    if (typeof sweep.attempts.retryDelay === "function") {
      throw new TypeError(
        "Cannot sweep on a cluster: retryDelay is a function, which cannot be sent; give milliseconds",
      );
    }
    if (sweep.attempts.retry) {
      throw new TypeError(
        "Cannot sweep on a cluster: retry is a function, which cannot be sent; give retries and retryDelay",
      );
    }
    if (sweep.attempts.adaptive) {
      throw new TypeError(
        "Cannot sweep on a cluster: adaptive counts the attempts of one process, and those of a cluster " +
          "are in many; leave it out, and give perSecond or start fewer workers",
      );
    }
    const { openDispatcher } = await import("./open_dispatcher.ts");
    try {
      return await openDispatcher(this.#url, sweep, this.#dispatching);
    } catch (error) {
      const { UnfitJobsError } = await import("./unfit_jobs_error.ts");
      if (!this.#fallback || error instanceof UnfitJobsError) throw error;
      sweep.log(`[stet] ${messageOf(error)}. The runs are in this process instead`);
      this.#isHere = true;
      return undefined;
    }
  }

  async open(): Promise<void> {
    await this.#fallback?.open?.();
  }

  check(job: Pick<Job, "params" | "args">): void {
    if (this.#isHere) return this.#fallback?.check?.(job);
    for (const [i, arg] of job.args.entries()) {
      encodeItem(arg, i === 0 && isPlainObject(arg) ? "params" : `args[${i}]`);
    }
  }

  async run(job: Job): Promise<unknown> {
    if (!this.#fallback) throw new Error("Cannot run here: the cluster has no fallback");
    return await this.#fallback.run(job);
  }

  async close(): Promise<void> {
    if (this.#isHere) await this.#fallback?.close?.();
    this.#isHere = false;
  }
}
