import { counted } from "../../core/display/counted.ts";
import process from "node:process";
import type { Engine } from "../../core/contract/engine.ts";
import { StoreError } from "../../core/errors.ts";
import { ConditionVariable } from "../../core/runtime/condition_variable.ts";
import { type EndSignal, endSignals, exitCodeOf } from "../../core/runtime/interrupt.ts";
import { isConfirmed } from "../../core/runtime/is_confirmed.ts";
import { yielding } from "../../core/runtime/yield_timer.ts";
import {
  type Launched,
  type Launcher,
  LaunchError,
  type TaskState,
} from "../../executors/launchers/launcher.ts";
import type { Output } from "../command.ts";
import { StatusLine } from "../terminal/status_line.ts";

/** Bounds of the interval at which the scheduler is asked. */
const MIN_INTERVAL_MS = 1_000;
const MAX_INTERVAL_MS = 10_000;

/** A job to follow. */
export interface FollowedJob {
  readonly launcher: Launcher;
  readonly launched: Launched;
  /** Location of the store, and the store if all workers share it. */
  readonly store: string;
  readonly engine: Engine | undefined;
}

/**
 * Follows a job until its last task has ended, and resolves to the exit code: 1 if a task failed. Ctrl-C
 * asks on the terminal if the job is to be cancelled; any other end of the following leaves the job as it is.
 */
export async function followJob(job: FollowedJob, output: Output): Promise<number> {
  const following = new Following(job, output);
  const listeners = endSignals().map((signal) =>
    [signal, () => following.interrupt(signal)] as const
  );
  for (const [signal, listener] of listeners) process.on(signal, listener);
  try {
    return await following.run();
  } finally {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  }
}

class Following {
  readonly #job: FollowedJob;
  readonly #output: Output;
  readonly #line: StatusLine;
  /** State of each task and its reason. Forgotten tasks have ended, in an unknown way. */
  readonly #tasks = new Map<string, readonly [TaskState | "forgotten", reason: string]>();
  readonly #interrupted = new ConditionVariable();
  #signal: EndSignal | undefined;
  /** The signal that led to the cancellation of the job. */
  #cancelledBy: EndSignal | undefined;
  /** True while the scheduler does not answer. */
  #isSilent = false;
  /** Number of rows of the store, as of a cursor. */
  #rows = 0;
  #cursor: string | undefined;

  constructor(job: FollowedJob, output: Output) {
    this.#job = job;
    this.#output = output;
    this.#line = new StatusLine(output);
  }

  interrupt(signal: EndSignal): void {
    this.#signal = signal;
    this.#interrupted.notifyAll();
  }

  async run(): Promise<number> {
    const { launched: { id } } = this.#job;
    let interval = MIN_INTERVAL_MS;
    for (;;) {
      await this.#look();
      const counts = this.#counts();
      if (counts.waiting + counts.running === 0 && !this.#isSilent) {
        this.#line.end();
        this.#output.error(`[stet] Job ${id} has ended: ${await this.#text()}`);
        if (this.#cancelledBy !== undefined) return exitCodeOf(this.#cancelledBy);
        return counts.done === this.#job.launched.count ? 0 : 1;
      }
      if (!this.#isSilent) this.#line.show(`[stet] Job ${id}: ${await this.#text()}`);
      if (this.#signal === undefined) await this.#interrupted.wait(interval);
      if (this.#signal !== undefined) {
        const code = await this.#end(this.#signal);
        if (code !== undefined) return code;
        this.#signal = undefined;
        interval = MIN_INTERVAL_MS;
      }
      interval = Math.min(interval * 1.5, MAX_INTERVAL_MS);
    }
  }

  /** Asks the scheduler. One that does not answer, as while it restarts, is asked again. */
  async #look(): Promise<void> {
    try {
      const found = await this.#job.launcher.status(this.#job.launched.id);
      this.#isSilent = false;
      const seen = new Set(found.map(({ id }) => id));
      const rest = found.find(({ id }) => id === "*");
      for (const [id, [state, reason]] of this.#tasks) {
        const isActive = state === "waiting" || state === "running";
        if (isActive && !seen.has(id)) this.#tasks.set(id, [rest?.state ?? "forgotten", reason]);
      }
      for (const { id, state, reason } of found) {
        if (id !== "*") this.#tasks.set(id, [state, reason]);
      }
    } catch (error) {
      if (!(error instanceof LaunchError)) throw error;
      if (!this.#isSilent) this.#line.above(`[stet] ${error.message}\n[stet] Asking again`);
      this.#isSilent = true;
    }
  }

  #counts(): Record<TaskState | "forgotten", number> {
    const counts = { waiting: 0, running: 0, done: 0, failed: 0, cancelled: 0, forgotten: 0 };
    for (const [state] of this.#tasks.values()) counts[state]++;
    return counts;
  }

  /** Returns the counts of tasks by state, with reasons, and the progress of the store. */
  async #text(): Promise<string> {
    const texts = Object.entries(this.#counts()).filter(([, count]) => count > 0)
      .map(([state, count]) => {
        const reasons = new Set(
          [...this.#tasks.values()].filter(([each, reason]) => each === state && reason !== "")
            .map(([, reason]) => reason),
        );
        return `${count} ${state}${reasons.size === 0 ? "" : ` (${[...reasons].join(", ")})`}`;
      });
    const progress = await this.#progress();
    const tasks = texts.join(", ") || "its tasks are forgotten";
    return progress === undefined ? tasks : `${tasks}; ${progress}`;
  }

  /** Returns the progress of the store in words; undefined if it is not shared, or does not answer. */
  async #progress(): Promise<string | undefined> {
    const { engine, store } = this.#job;
    if (!engine) return undefined;
    try {
      const { cursor, isWhole, rows } = await engine.rowsAfter(this.#cursor);
      let count = isWhole ? 0 : this.#rows;
      for await (const _row of yielding(rows)) count++;
      this.#rows = count;
      this.#cursor = cursor;
    } catch (error) {
      if (error instanceof StoreError) return undefined;
      throw error;
    }
    return `${counted(this.#rows, "run")} in ${store}`;
  }

  /** Ends the job or the following; resolves to the exit code of the latter. */
  async #end(signal: EndSignal): Promise<number | undefined> {
    const { launcher, launched: { id, commands } } = this.#job;
    this.#line.end();
    const canAsk = signal === "SIGINT" && this.#cancelledBy === undefined &&
      this.#output.terminal !== undefined && process.stdin.isTTY;
    if (
      canAsk && await isConfirmed(`[stet] Cancel job ${id}? Its tasks finish what they run. [y/N] `)
    ) {
      try {
        await launcher.cancel(id);
        this.#cancelledBy = signal;
      } catch (error) {
        if (!(error instanceof LaunchError)) throw error;
        this.#output.error(`[stet] ${error.message}`);
      }
      return undefined;
    }
    this.#output.error(`[stet] Job ${id} is left as it is. To end it: ${commands.cancel}`);
    return exitCodeOf(signal);
  }
}
