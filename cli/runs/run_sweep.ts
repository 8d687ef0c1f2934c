import type {
  DispatchedRun,
  DispatchedSweep,
  DispatchEnd,
  Dispatcher,
} from "../../core/runs/dispatcher.ts";
import type { Executor, Job } from "../../core/runs/executor.ts";
import { messageOf } from "../../core/errors.ts";
import { sweep } from "../../core/sweeps/sweep.ts";
import type { SweepCounts } from "../../core/sweeps/sweep_types.ts";
import { partOf } from "../../core/sweeps/total.ts";
import { cutText } from "../../core/display/display_width.ts";
import { paramsText } from "../../core/values/value_text.ts";
import type { Output } from "../command.ts";
import { newestDurations } from "./newest_durations.ts";
import type { Task } from "./task.ts";
import { asUsageError } from "../usage_error.ts";
import { durationText } from "../../core/display/duration_text.ts";
import { Pace } from "../../core/display/pace.ts";
import { ProgressBar } from "../../core/display/progress_bar.ts";
import { ProgressLog } from "../terminal/progress_log.ts";
import { shownCommand } from "../../core/runtime/shown_command.ts";

/** Maximum length of an error in the progress output. */
const MAX_ERROR = 200;

/** Sweeps, or with `--dry-run` lists what would run, and resolves to the exit code. Throws as `runSweep`. */
export async function sweepOrList(
  task: Task,
  { dryRun: isDry = false }: { readonly dryRun?: boolean },
  output: Output,
): Promise<number> {
  if (!isDry) return await runSweep(task, output);
  const { dryRun } = await import("./dry_run.ts");
  await dryRun(task, output);
  return 0;
}

/**
 * Sweeps, with a progress bar on a terminal and a line every half minute elsewhere, prints the counts and resolves to the exit code: 1 if some
 * runs failed or were not begun.
 *
 * @throws {UsageError} If nothing could run at all.
 */
export async function runSweep(task: Task, output: Output): Promise<number> {
  const { swept, params, total, executor, options } = task;
  const { terminal, error: complain } = output;
  const pace = new Pace(options.concurrency ?? executor.concurrency, options.perSecond);
  if (terminal && task.backend) pace.learn(await newestDurations(task.backend));
  const start = performance.now();
  let bar: ProgressBar | undefined;
  let lines: ProgressLog | undefined;
  const say = (line: string): void => bar ? bar.above(() => complain(line)) : complain(line);
  const sweeping = sweep(swept, params, {
    ...options,
    executor: timed(executor, pace),
    withSkipped: false,
    log: say,
  });
  const part = partOf(total, options.shard);
  const counts = (): SweepCounts => sweeping.counts;
  try {
    if (terminal) bar = new ProgressBar(terminal, part, pace, counts);
    else lines = new ProgressLog(complain, part, pace, counts);
    // At an interrupt the process ends within the last step of the loop.
    for await (const outcome of sweeping) {
      if (outcome.status !== "failed") continue;
      const [line = ""] = messageOf(outcome.error).split("\n", 1);
      say(`[stet] Failed: ${paramsText(outcome.params)}: ${cutText(line, MAX_ERROR)}`);
    }
    await sweeping.done;
  } catch (error) {
    const { ran, failed } = sweeping.counts;
    throw ran + failed === 0 ? asUsageError(error) : error;
  } finally {
    bar?.end();
    lines?.end();
  }
  const { ran, skipped, failed, stopped } = sweeping.counts;
  const time = durationText((performance.now() - start) / 1000);
  complain(`[stet] ${ran} ran, ${skipped} skipped, ${failed} failed in ${time}`);
  for (const note of task.notes?.(skipped) ?? []) complain(`[stet] ${note}`);
  if (stopped === "deadline") complain("[stet] Stopped at the deadline: the rest was not begun");
  if (stopped === "error") complain("[stet] Stopped because a run failed: the rest was not begun");
  if (failed > 0 && task.store !== undefined) {
    complain(`[stet] Why they failed: ${shownCommand(["stet", "failures", task.store])}`);
  }
  return failed > 0 || stopped !== undefined ? 1 : 0;
}

/** Returns the executor with timed runs. */
function timed(executor: Executor, pace: Pace): Executor {
  return {
    ...executor.dispatch && {
      dispatch: async (sweep: DispatchedSweep) => {
        const dispatcher = await executor.dispatch!(sweep);
        return dispatcher && timedDispatcher(dispatcher, pace);
      },
    },
    concurrency: executor.concurrency,
    open: () => executor.open?.(),
    check: (job) => executor.check?.(job),
    close: () => executor.close?.(),
    async run(job: Job): Promise<unknown> {
      const start = performance.now() / 1000;
      pace.begin(start);
      try {
        return await executor.run(job);
      } finally {
        const now = performance.now() / 1000;
        pace.end(now, now - start);
      }
    },
  };
}

/** Returns the dispatcher with timed runs. Their durations are not known here: the rate is counted. */
function timedDispatcher(dispatcher: Dispatcher, pace: Pace): Dispatcher {
  return {
    get maxRuns(): number {
      return dispatcher.maxRuns;
    },
    close: () => dispatcher.close(),
    async run(run: DispatchedRun): Promise<DispatchEnd> {
      pace.begin(performance.now() / 1000);
      const end = await dispatcher.run(run);
      if (end.status === "done" || end.status === "failed") pace.end(performance.now() / 1000);
      return end;
    },
  };
}
