import type { SweepOptions } from "../../core/sweeps/sweep_types.ts";
import {
  type Argument,
  count,
  flag,
  given,
  oneOf,
  type Option,
  option,
  type Options,
  type Values,
} from "../options.ts";
import { UsageError } from "../usage_error.ts";
import { readShard } from "./read_shard.ts";
import { readSeconds, time } from "./read_seconds.ts";

/** The options of every command that runs things. */
export const sweepOptions = {
  jobs: option(count(1), "how many at once", { short: "j" }),
  shard: option(
    { value: "i/n", read: readShard },
    "take part i (0 to n-1) of n: every n-th combination; or slurm, sge, lsf, kubernetes/n: the part of this array task",
  ),
  steal: flag("with --shard: then help with the other parts"),
  timeout: option(time, "how long an attempt may take; then it is killed, and failed"),
  retries: option(count(0), "how many more times a run that failed is tried (default 0)"),
  retryDelay: option(time, "how long to wait before that, each time twice as long (default 1s)"),
  perSecond: option({ value: "count", read: positive }, "how many attempts may begin in a second"),
  stopOnError: flag("begin no more runs once one has failed for good"),
  deadline: option(
    { value: "when", read: readDeadline },
    "begin no more runs after a time (2h) or at a date (2026-12-01T08:00)",
  ),
  grace: option(time, "how long what runs may take after Ctrl-C (default: as long as it takes)"),
} as const satisfies Options;

/** The option of commands that sweep a grid. */
export const dryRunOption: Option<boolean> = flag(
  "list what would run, and say how long it will take by the runs so far; run nothing",
);

/** The options of commands that can have workers of a cluster run the runs. */
export const engineOptions = {
  engine: option(
    oneOf("pgboss", ["pgboss"]),
    "have workers run them (stet worker): the store must be a Postgres one",
  ),
  detach: flag("with --engine: leave once all runs were sent to the workers"),
  noFallback: flag("with --engine: fail if it cannot be reached, instead of running here"),
} as const satisfies Options;

/** Values of {@linkcode engineOptions}. */
export type EngineValues = Values<typeof engineOptions>;

/** The program of a command, if one is given. */
export const programArgument: Argument<readonly string[]> = {
  usage: "[-- program [argument ...]]",
  count: [0, Infinity],
  isProgram: true,
  read: (words) => words,
};

/** Values of {@linkcode sweepOptions}. */
export type SweepValues = Values<typeof sweepOptions>;

/** Paragraph of `--help` about sweeps. */
export const sweepNote =
  `Times: 30s, 5m, 1h30m, 2d. Ctrl-C finishes what runs, a second one aborts it; what finished is
recorded, and the same command goes on from there. The exit code is 130 then, and 143 after SIGTERM. Without
a terminal, progress is a line every half minute, and one for each run that failed.`;

/** Returns the options of a sweep. */
export function readSweepOptions(values: SweepValues): SweepOptions {
  const { jobs, timeout, retries, retryDelay, perSecond, deadline, grace, stopOnError } = values;
  const { shard, steal } = values;
  if (steal && !shard) throw new UsageError("--steal needs --shard");
  return given({
    shard: shard && { index: shard.index, count: shard.count, steal },
    // A task of an array cannot be started by hand.
    resumeCommand: shard?.isScheduled ? "start the job again" : undefined,
    concurrency: jobs,
    timeout: timeout && timeout * 1000,
    retries,
    retryDelay: retryDelay && retryDelay * 1000,
    perSecond,
    deadline,
    graceSeconds: grace,
    onError: stopOnError ? "stop" as const : undefined,
  });
}

function positive(text: string, flag: string): number {
  const number = Number(text);
  if (text.trim() !== "" && number > 0 && Number.isFinite(number)) return number;
  throw new UsageError(`${flag} must be a number above 0, got "${text}"`);
}

function readDeadline(text: string, flag: string): number {
  if (!/^\d{4}-/.test(text)) return Date.now() + readSeconds(text, flag) * 1000;
  const date = Date.parse(text);
  if (!Number.isNaN(date)) return date;
  throw new UsageError(`${flag} must be a time such as 2h or a date, got "${text}"`);
}
