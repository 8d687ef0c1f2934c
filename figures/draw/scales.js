/** Scales: functions from numbers to pixels. @module */
import { maxOf, minOf } from "./numbers.js";

/** @typedef {readonly [low: number, high: number]} Interval */

/**
 * Returns a linear scale. Numbers outside the domain are drawn at its ends; a domain of one number is
 * drawn in the middle.
 *
 * @param {Interval} domain
 * @param {Interval} range
 * @returns {(number: number) => number}
 */
export function linearScale([low, high], [from, to]) {
  if (!(high > low)) return () => (from + to) / 2;
  // Halves, since the difference of two large numbers can be infinite.
  const size = high / 2 - low / 2;
  return (number) => {
    const share = Math.min(Math.max((number / 2 - low / 2) / size, 0), 1);
    return Number.isFinite(share) ? from + share * (to - from) : from;
  };
}

/**
 * Returns a logarithmic scale of a positive domain.
 *
 * @param {Interval} domain
 * @param {Interval} range
 * @returns {(number: number) => number}
 */
function logScale([low, high], range) {
  const scale = linearScale([Math.log(low), Math.log(high)], range);
  return (number) => scale(Math.log(Math.max(number, low)));
}

/**
 * Returns the least and the largest of the finite numbers; null if there are none.
 *
 * @param {readonly (number | null | undefined)[]} numbers
 * @returns {Interval | null}
 */
export function domainOf(numbers) {
  const finite = /** @type {number[]} */ (numbers.filter(Number.isFinite));
  return finite.length === 0 ? null : [minOf(finite), maxOf(finite)];
}

/**
 * Returns about `count` round numbers within a domain, at least two.
 *
 * @param {Interval} domain
 * @param {number} count
 * @returns {number[]}
 */
export function ticks([low, high], count) {
  if (!(high > low) || !Number.isFinite(high - low)) return Number.isFinite(low) ? [low] : [];
  const raw = (high - low) / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(raw));
  const factors = [10, 5, 2, 1, 0.5, 0.2, 0.1];
  const wanted = factors.findLast((factor) => factor * power >= raw * 0.99) ?? 10;
  // A single tick shows no scale: smaller steps follow.
  for (const factor of factors.filter((it) => it <= wanted)) {
    const step = factor * power;
    const first = Math.ceil(low / step - 1e-9);
    const last = Math.floor(high / step + 1e-9);
    if (!(step > 0) || !Number.isSafeInteger(first) || last - first > 100) break;
    if (last === first || last < first || factor > 1 && last - first + 1 < Math.min(count, 3)) {
      continue;
    }
    const decimals = Math.min(Math.max(0, -Math.floor(Math.log10(step))), 100);
    return Array.from(
      { length: last - first + 1 },
      (_, i) => Number(((first + i) * step).toFixed(decimals)),
    );
  }
  return [low, high];
}

/**
 * Returns the place of each part of an axis: by value for numbers, one after another for others.
 *
 * @param {import("../view.ts").ViewAxis} axis
 * @param {Interval} range
 * @returns {number[]}
 */
export function partPlaces({ kind, log, parts }, [from, to]) {
  const numbers = parts.map(({ number }) => number ?? NaN);
  const domain = domainOf(numbers);
  if (kind === "numbers" && domain !== null && numbers.every(Number.isFinite)) {
    const scale = log && domain[0] > 0
      ? logScale(domain, [from, to])
      : linearScale(domain, [from, to]);
    return numbers.map(scale);
  }
  const step = (to - from) / Math.max(parts.length, 1);
  return parts.map((_, i) => from + (i + 0.5) * step);
}
