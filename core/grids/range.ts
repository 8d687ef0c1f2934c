import { checkNumbers, toLinear, toSignificant } from "./spacing.ts";
import { type Sequence, sequence } from "./sequence.ts";

/**
 * Gives the numbers from `start` to `end`, both included, `step` apart. If no whole number of steps
 * leads to `end`, the last number is the one before it.
 *
 * Fractions are rounded to 12 significant digits (`0.3`, not `0.30000000000000004`); integers are
 * exact. The numbers are made when they are asked for.
 *
 * @throws {TypeError} If an argument is no number.
 * @throws {RangeError} If one is not finite, or `step` leads away from `end`, is 0, or is lost in 12
 * digits.
 *
 * @example
 * ```ts
 * import { range } from "@stet/stet";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual([...range(1, 4)], [1, 2, 3, 4]);
 * assert.deepEqual([...range(0, 0.5, 0.1)], [0, 0.1, 0.2, 0.3, 0.4, 0.5]);
 * assert.deepEqual([...range(3, 1, -1)], [3, 2, 1]);
 * ```
 */
export function range(start: number, end: number, step = 1): Sequence<number> {
  if (end === undefined) {
    throw new TypeError(
      "Cannot make a range: end is missing, the last value: range(0, 2) is 0, 1, 2",
    );
  }
  checkNumbers("a range", { start, end, step });
  const scale = Math.max(Math.abs(start), Math.abs(end));
  if (step === 0 || (!Number.isInteger(step) && Math.abs(step) < scale * 1e-11)) {
    throw new RangeError(
      `Cannot make a range from ${start} to ${end}: step ${step} gives the same number again`,
    );
  }
  const exact = (end - start) / step;
  // 0.3 / 0.1 is 2.9999999999999996.
  const steps = Math.floor(Number.isInteger(exact) ? exact : toSignificant(exact));
  if (steps < 0) {
    throw new RangeError(
      `Cannot make a range from ${start} to ${end}: step ${step} leads away from the end; pass ${-step}`,
    );
  }
  return sequence(function* () {
    for (let i = 0; i <= steps; i++) yield toLinear(start + i * step, scale);
  }, steps + 1);
}
