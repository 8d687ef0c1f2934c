/** The lead of the best configuration over the next. @module */
import { numberText, secondsText } from "./numbers.js";

/** @typedef {import("../view.ts").Best} Best */

/**
 * Returns a sentence on how far the next configuration is behind the best, as a multiple of the best's standard
 * error; empty without a spread, or if both are not told apart.
 *
 * @param {Best} best
 * @param {string} metric
 * @returns {string}
 */
export function leadWords({ rows: [first, next], ties }, metric) {
  if (!first || !next || !first.sd || ties > 1 || next.few) return "";
  const lead = Math.abs(next.mean - first.mean);
  const errors = lead / (first.sd / Math.sqrt(first.n));
  if (!Number.isFinite(errors)) return "";
  const text = metric === "took" ? secondsText(lead) : numberText(lead, 2);
  return `The next is ${text} behind, ${numberText(errors, 2)} × the standard error of the best.`;
}
