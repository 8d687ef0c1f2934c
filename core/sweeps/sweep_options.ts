import { checkOptions, type OptionForms } from "../options/check_options.ts";
import {
  executor,
  flag,
  log,
  numeric,
  oneOf,
  type OptionForm,
  orFunction,
  signal,
  text,
  wholeFrom,
} from "../options/option_forms.ts";
import type { SweepOptions } from "./sweep_types.ts";

/** A deadline before 1973 was meant as a duration, or in seconds. */
const MIN_DEADLINE_MS = 1e11;

const deadline: OptionForm = {
  text: "a Date or milliseconds since 1970, such as Date.now() + 60_000",
  isOfType: (value) => typeof value === "number" || value instanceof Date,
  isInRange: (value) => Number(value) >= MIN_DEADLINE_MS,
};

const OPTIONS: OptionForms<SweepOptions> = {
  executor,
  concurrency: wholeFrom(1),
  claimAhead: wholeFrom(0),
  shard: {
    text: "a part of the params, as in { index: 0, count: 4 }",
    isOfType: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  },
  retries: wholeFrom(0),
  retryDelay: orFunction(numeric("milliseconds from 0 up", (x) => x >= 0)),
  retry: {
    text: "a function, such as httpRetry",
    isOfType: (value) => typeof value === "function",
  },
  retryPermanent: flag,
  adaptive: flag,
  maxFailures: numeric(
    "a whole number from 1 up, or a share below 1, such as 0.2",
    (x) => x > 0 && (x < 1 || Number.isSafeInteger(x) || x === Infinity),
  ),
  timeout: numeric("milliseconds above 0", (x) => x > 0),
  onError: oneOf("continue", "stop"),
  withSkipped: flag,
  signal,
  stopSignal: signal,
  deadline,
  perSecond: numeric("a number above 0", (x) => x > 0),
  handleSignals: flag,
  graceSeconds: numeric("seconds from 0 up", (x) => x >= 0),
  resumeCommand: text,
  progress: orFunction(flag),
  log,
};

/**
 * Checks the options of a sweep, before it begins.
 *
 * @throws {RangeError} On a number that makes no sense.
 * @throws {TypeError} On an unknown option, or a value of another type.
 */
export function checkSweepOptions(options: SweepOptions): void {
  checkOptions("sweep", options, OPTIONS);
  if (options.retry && options.retryDelay !== undefined) {
    throw new TypeError("Cannot sweep: retry returns the pause; leave out retryDelay");
  }
}
