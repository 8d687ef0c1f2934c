import { log10, pow10 } from "./log10.ts";
import { checkCount, checkNumbers, toLinear, toSignificant } from "./spacing.ts";
import { type Sequence, sequence } from "./sequence.ts";

/**
 * Gives `count` numbers from `start` to `end`, both included, evenly spaced on a log scale, as numpy's
 * `geomspace`: the ends are the numbers themselves, not their exponents.
 *
 * They are rounded to 12 significant digits, and the same on all runtimes, which `10 ** x` is not.
 * The numbers are made when they are asked for.
 *
 * @throws {TypeError} If an end is no number.
 * @throws {RangeError} If an end is not finite and above 0, or `count` is no whole number from 2 up.
 *
 * @example
 * ```ts
 * import { geomSpace } from "@stet/stet";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual([...geomSpace(1e-4, 0.1, 4)], [0.0001, 0.001, 0.01, 0.1]);
 * ```
 */
export function geomSpace(start: number, end: number, count: number): Sequence<number> {
  checkPositive("a log spacing", { start, end });
  checkCount("a log spacing", count, 2);
  const steps = count - 1;
  const [from, to] = [log10(start), log10(end)];
  return sequence(function* () {
    yield toLinear(start, start);
    for (let i = 1; i < steps; i++) yield toSignificant(pow10(from + (to - from) * (i / steps)));
    yield toLinear(end, end);
  }, count);
}

/** Checks the ends of a log scale: as {@linkcode checkNumbers} does, and that they are above 0. */
export function checkPositive(what: string, ends: Readonly<Record<string, number>>): void {
  checkNumbers(what, ends);
  for (const [name, x] of Object.entries(ends)) {
    if (x > 0) continue;
    throw new RangeError(
      `Cannot make ${what}: ${name} is ${x}, and must be above 0; pass the number, not its exponent`,
    );
  }
}
