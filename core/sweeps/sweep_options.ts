import { checkOptions } from "../values/check_options.ts";
import type { SweepOptions } from "./sweep_types.ts";

const OPTIONS = {
  executor: true,
  concurrency: true,
  claimAhead: true,
  shard: true,
  retries: true,
  retryDelay: true,
  retry: true,
  retryPermanent: true,
  adaptive: true,
  maxFailures: true,
  timeout: true,
  onError: true,
  withSkipped: true,
  signal: true,
  stopSignal: true,
  deadline: true,
  perSecond: true,
  handleSignals: true,
  graceSeconds: true,
  resumeCommand: true,
  progress: true,
  log: true,
} as const satisfies Record<keyof SweepOptions, true>;

/**
 * Checks the options of a sweep, before it begins.
 *
 * @throws {RangeError} On a number that makes no sense.
 * @throws {TypeError} On an unknown option, or another value that makes no sense.
 */
export function checkSweepOptions(options: SweepOptions): void {
  checkOptions("sweep", options, OPTIONS);
  const { concurrency, retries, timeout, perSecond, graceSeconds, retryDelay } = options;
  const { onError, deadline, claimAhead, progress, retry, maxFailures } = options;
  check({ concurrency }, "a whole number from 1 up", (x) => x >= 1 && isWhole(x));
  check({ claimAhead }, "a whole number from 0 up", (x) => x >= 0 && isWhole(x));
  check({ retries }, "a whole number from 0 up", (x) => x >= 0 && isWhole(x));
  check({ timeout }, "milliseconds above 0", (x) => x > 0);
  check({ perSecond }, "a number above 0", (x) => x > 0);
  check({ graceSeconds }, "seconds from 0 up", (x) => x >= 0);
  if (typeof retryDelay !== "function") {
    check({ retryDelay }, "milliseconds from 0 up, or a function", (x) => x >= 0);
  }
  check({ deadline: deadline && Number(deadline) }, "a valid time", (x) => !Number.isNaN(x));
  check(
    { maxFailures },
    "a whole number from 1 up, or a share below 1",
    (x) => x > 0 && (x < 1 || isWhole(x)),
  );
  if (retry !== undefined && typeof retry !== "function") {
    throw new TypeError(
      `Cannot sweep: retry must be a function, such as httpRetry, got ${typeof retry}`,
    );
  }
  if (retry && retryDelay !== undefined) {
    throw new TypeError("Cannot sweep: retry returns the pause; leave out retryDelay");
  }
  if (progress !== undefined && typeof progress !== "boolean" && typeof progress !== "function") {
    throw new TypeError(
      `Cannot sweep: progress must be true, false or a function, got ${typeof progress}`,
    );
  }
  if (onError !== undefined && onError !== "continue" && onError !== "stop") {
    throw new TypeError(`Cannot sweep: onError must be "continue" or "stop", got "${onError}"`);
  }
}

function check(option: object, expected: string, isFit: (value: number) => boolean): void {
  for (const [name, value] of Object.entries(option)) {
    if (value === undefined || (typeof value === "number" && isFit(value))) continue;
    throw new RangeError(`Cannot sweep: ${name} must be ${expected}, got ${value}`);
  }
}

function isWhole(x: number): boolean {
  return Number.isSafeInteger(x) || x === Infinity;
}
