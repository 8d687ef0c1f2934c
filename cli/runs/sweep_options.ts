import { httpRetry } from "../../core/sweeps/http_retry.ts";
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
  maxFailures: option(
    { value: "n or n%", read: readMaxFailures },
    "stop once so many runs failed, or that share of them (from the 20th on)",
  ),
  stopOnError: flag("begin no more runs once one has failed for good"),
  deadline: option(
    { value: "when", read: readDeadline },
    "begin no more runs after a time (2h) or at a date (2026-12-01T08:00)",
  ),
  grace: option(time, "how long what runs may take after Ctrl-C (default: as long as it takes)"),
} as const satisfies Options;

/** The option of commands that sweep a grid. */
export const dryRunOption: Option<boolean> = flag(
  "list what would run (on a terminal the first and the last of many), and say how long it will take by the runs so far; run nothing",
);

/** The option of commands that may run a plain function. */
export const saveOption = flag("of a plain function, also save the results");

/** The options of sweeps that call services. */
export const serviceOptions = {
  httpRetry: flag(
    "retry what a service throttles or what fails on the way, after the pause it asks for; other 4xx fail for good",
  ),
  adaptive: flag(
    "begin 2 attempts at once, more while all is well, half as many at 429 and 503; -j is the most",
  ),
} as const satisfies Options;

/** The option of sweeps that may meet runs which failed for good. */
export const retryPermanentOption: Option<boolean> = flag(
  "run those again too that failed for good, as a 4xx does with --http-retry",
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

/** Values of {@linkcode sweepOptions}, and of those that only some commands have. */
export type SweepValues = Values<typeof sweepOptions> & Partial<Values<typeof serviceOptions>> & {
  /** True if runs that failed for good are run again. */
  readonly retryPermanent?: boolean;
};

/** Paragraph of `--help` about sweeps. */
export const sweepNote =
  `Times: 30s, 5m, 1h30m, 2d. Ctrl-C finishes what runs, a second one aborts it; what finished is
recorded, and the same command goes on from there. The exit code is 130 then, and 143 after SIGTERM. Without
a terminal, progress is a line every half minute, and one for each run that failed.`;

/** Returns the options of a sweep. */
export function readSweepOptions(values: SweepValues): SweepOptions {
  const { jobs, timeout, retries, retryDelay, perSecond, deadline, grace, stopOnError } = values;
  const { shard, steal, maxFailures, httpRetry: isHttp, adaptive, retryPermanent } = values;
  if (isHttp && retryDelay !== undefined) {
    throw new UsageError(
      "--http-retry takes the pause that the service asks for; leave out --retry-delay",
    );
  }
  if (steal && !shard) throw new UsageError("--steal needs --shard");
  return given({
    shard: shard && { index: shard.index, count: shard.count, steal },
    // A task of an array cannot be started by hand.
    resumeCommand: shard?.isScheduled ? "start the job again" : undefined,
    concurrency: jobs,
    timeout: timeout && timeout * 1000,
    retries,
    retry: isHttp ? httpRetry : undefined,
    retryPermanent: retryPermanent || undefined,
    adaptive: adaptive || undefined,
    maxFailures,
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

function readMaxFailures(text: string, flag: string): number {
  const [, digits, percent] = /^(\d+)(%?)$/.exec(text) ?? [];
  const number = Number(digits);
  if (number > 0 && percent === "") return number;
  if (number > 0 && number < 100) return number / 100;
  throw new UsageError(`${flag} must be a count from 1 up, or a share such as 20%, got "${text}"`);
}

function readDeadline(text: string, flag: string): number {
  if (!/^\d{4}-/.test(text)) return Date.now() + readSeconds(text, flag) * 1000;
  const date = Date.parse(text);
  if (!Number.isNaN(date)) return date;
  throw new UsageError(`${flag} must be a time such as 2h or a date, got "${text}"`);
}
