import { described } from "../values/described.ts";

/**
 * The number nearest to `x` with 12 significant digits. Params that were computed are rounded to
 * these, so that `0.1 + 0.2` and `0.3` are one run, and a denser grid meets the values of the first.
 */
export function toSignificant(x: number): number {
  return Number(x.toPrecision(12));
}

/**
 * The same for a value on a linear grid whose larger end is `scale` in magnitude: integers stay as
 * they are, and what is left where two numbers should cancel out (`-0.3 + 3 * 0.1`) becomes 0.
 */
export function toLinear(x: number, scale: number): number {
  if (Number.isSafeInteger(x)) return x + 0;
  const noise = Number(`1e${Math.max(exponentOf(scale) - 14, -323)}`);
  return toSignificant(Math.round(x / noise) * noise);
}

/** The power of ten of the first digit of a number. */
function exponentOf(x: number): number {
  return Number(x.toExponential().split("e")[1]);
}

/**
 * Checks numbers that a grid is made of.
 *
 * @throws {TypeError} If one is no number.
 * @throws {RangeError} If one is not finite, or two are so far apart that their distance is not.
 */
export function checkNumbers(what: string, numbers: Readonly<Record<string, unknown>>): void {
  for (const [name, x] of Object.entries(numbers)) {
    if (typeof x !== "number") {
      throw new TypeError(`Cannot make ${what}: ${name} is ${described(x)}, and must be a number`);
    }
    if (!Number.isFinite(x * 2)) {
      throw new RangeError(
        `Cannot make ${what}: ${name} is ${x}, and must be a finite number below 8e307`,
      );
    }
  }
}

/** @throws {RangeError} If a count of values is no whole number from `least` up. */
export function checkCount(what: string, count: number, least: number): void {
  if (Number.isSafeInteger(count) && count >= least) return;
  throw new RangeError(
    `Cannot make ${what}: count is ${described(count)}, and must be a whole number ` +
      `from ${least} up`,
  );
}
