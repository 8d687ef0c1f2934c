import type { SweepOptions } from "../../core/sweeps/sweep_types.ts";
import { UsageError, type Values } from "../command.ts";
import { readSeconds } from "./read_seconds.ts";

/** The options of every command that runs things. */
export const sweepOptions = {
  jobs: { type: "string", short: "j" },
  timeout: { type: "string" },
  retries: { type: "string" },
  "retry-delay": { type: "string" },
  "per-second": { type: "string" },
  "stop-on-error": { type: "boolean" },
  deadline: { type: "string" },
  grace: { type: "string" },
} as const;

/** What `--help` says of them, without `-j`. */
export const sweepHelp =
  `      --timeout time       how long an attempt may take; then it is killed, and failed
      --retries count      how many more times a run that failed is tried (default 0)
      --retry-delay time   how long to wait before that, each time twice as long (default 1s)
      --per-second count   how many attempts may begin in a second
      --stop-on-error      begin no more runs once one has failed for good
      --deadline when      begin no more runs after a time (2h) or at a date (2026-12-01T08:00)
      --grace time         how long what runs may take after Ctrl-C (default: as long as it takes)

Times: 30s, 5m, 1h30m, 2d. Ctrl-C finishes what runs, a second one aborts it; what finished is
recorded, and the same command goes on from there.`;

/**
 * Gives how to sweep, from options.
 *
 * @param now Milliseconds since 1970.
 * @throws {UsageError} If one makes no sense.
 */
export function readSweepOptions(values: Values, now: number): SweepOptions {
  const text = (name: string): string | undefined => values[name] as string | undefined;
  const seconds = (name: string): number | undefined =>
    text(name) === undefined ? undefined : readSeconds(text(name)!, `--${name}`);
  const [jobs, timeout, retries, delay, perSecond, deadline, grace] = [
    count(text("jobs"), "-j", 1),
    seconds("timeout"),
    count(text("retries"), "--retries", 0),
    seconds("retry-delay"),
    positive(text("per-second"), "--per-second"),
    deadlineOf(text("deadline"), now),
    seconds("grace"),
  ];
  return {
    ...jobs !== undefined && { concurrency: jobs },
    ...timeout !== undefined && { timeout: timeout * 1000 },
    ...retries !== undefined && { retries },
    ...delay !== undefined && { retryDelay: delay * 1000 },
    ...perSecond !== undefined && { perSecond },
    ...deadline !== undefined && { deadline },
    ...grace !== undefined && { graceSeconds: grace },
    ...values["stop-on-error"] === true && { onError: "stop" as const },
  };
}

function count(text: string | undefined, option: string, least: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text) && Number(text) >= least && Number.isSafeInteger(Number(text))) {
    return Number(text);
  }
  throw new UsageError(`${option} must be a whole number from ${least} up, got "${text}"`);
}

function positive(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() !== "" && number > 0 && Number.isFinite(number)) return number;
  throw new UsageError(`${option} must be a number above 0, got "${text}"`);
}

function deadlineOf(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{4}-/.test(text)) return now + readSeconds(text, "--deadline") * 1000;
  const date = Date.parse(text);
  if (!Number.isNaN(date)) return date;
  throw new UsageError(`--deadline must be a time such as 2h or a date, got "${text}"`);
}
