import { checkCount, checkNumbers, toLinear } from "./spacing.ts";
import { type Sequence, sequence } from "./sequence.ts";

/**
 * Gives `count` numbers from `start` to `end`, both included, evenly spaced, as numpy's `linspace`.
 *
 * Fractions are rounded to 12 significant digits; integers are exact. The numbers are made when they
 * are asked for.
 *
 * @throws {TypeError} If an end is no number.
 * @throws {RangeError} If an end is not finite, or `count` is no whole number from 2 up.
 *
 * @example
 * ```ts
 * import { linSpace } from "@stet/stet";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual([...linSpace(0, 1, 5)], [0, 0.25, 0.5, 0.75, 1]);
 * assert.deepEqual([...linSpace(0, 1, 4)], [0, 0.333333333333, 0.666666666667, 1]);
 * ```
 */
export function linSpace(start: number, end: number, count: number): Sequence<number> {
  checkNumbers("a linear spacing", { start, end });
  checkCount("a linear spacing", count, 2);
  const steps = count - 1;
  const scale = Math.max(Math.abs(start), Math.abs(end));
  return sequence(function* () {
    for (let i = 0; i < steps; i++) yield toLinear(start + (end - start) * (i / steps), scale);
    yield toLinear(end, scale);
  }, count);
}
