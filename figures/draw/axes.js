/** Axes of plots: grid lines with numbers, and labels below. @module */
import { color } from "./colors.js";
import { columnText, countText, secondsText } from "./numbers.js";
import { linearScale, ticks } from "./scales.js";
import { coordinate, element, label } from "./svg.js";
import { fitText, textWidth } from "./text.js";

/** @typedef {readonly [low: number, high: number]} Interval */

/**
 * @typedef {object} NumberAxis
 * @property {(number: number) => number} scale
 * @property {readonly number[]} values of the ticks
 * @property {readonly string[]} texts of the ticks
 * @property {number} room the widest text
 */

/**
 * Returns the axis of a metric: its scale, ticks and their texts.
 *
 * @param {Interval} domain
 * @param {Interval} range in pixels
 * @param {string} metric
 * @param {number} [apart] wanted distance of ticks
 * @returns {NumberAxis}
 */
export function numberAxis(domain, range, metric, apart = 30) {
  const count = Math.max(Math.floor(Math.abs(range[1] - range[0]) / apart), 2);
  const values = ticks(domain, count);
  const durations = metric === "took" ? values.map(secondsText) : [];
  // Ticks of durations can be closer than their two units tell.
  const isPlain = new Set(durations).size < values.length;
  const text = columnText(values, 4);
  const unit = metric === "took" ? " s" : "";
  const texts = isPlain ? values.map((it) => text(it) + unit) : durations;
  const room = Math.max(0, ...texts.map((it) => textWidth(it, { size: 11 })));
  return { scale: linearScale(domain, range), values, texts, room };
}

/**
 * Returns the axis of counts: its ticks are whole numbers.
 *
 * @param {Interval} domain
 * @param {Interval} range in pixels
 * @param {number} apart wanted distance of ticks
 * @returns {NumberAxis}
 */
export function countAxis(domain, range, apart) {
  const axis = numberAxis(domain, range, "", apart);
  const values = axis.values.filter(Number.isInteger);
  const texts = values.map((it) => countText(it));
  return {
    ...axis,
    values,
    texts,
    room: Math.max(0, ...texts.map((it) => textWidth(it, { size: 11 }))),
  };
}

/**
 * Returns horizontal lines with their numbers on the left.
 *
 * @param {NumberAxis} axis
 * @param {{ left: number, right: number }} place
 * @returns {string}
 */
export function horizontalLines({ scale, values, texts }, { left, right }) {
  return values.map((value, i) => {
    const y = scale(value);
    return element("path", {
      d: `M${coordinate(left)} ${coordinate(y)}H${coordinate(right)}`,
      stroke: color("grid"),
    }) + label(texts[i] ?? "", {
      x: left - 6,
      y: y + 4,
      width: left - 6,
      size: 11,
      anchor: "end",
      fill: "dim",
    });
  }).join("");
}

/**
 * Returns labels below a plot: as many as fit, within its edges, none on another.
 *
 * @param {readonly string[]} texts
 * @param {readonly number[]} places
 * @param {{ y: number, left: number, right: number }} place
 * @returns {string}
 */
export function labelsBelow(texts, places, { y, left, right }) {
  const size = 11;
  const parts = [];
  let end = -Infinity;
  for (const [i, text] of texts.entries()) {
    const shown = fitText(text, right - left, { size });
    const half = textWidth(shown, { size }) / 2;
    const middle = Math.max(Math.min(places[i] ?? left, right - half), left + half);
    if (middle - half < end + 8) continue;
    end = middle + half;
    parts.push(label(shown, { x: middle, y, size, anchor: "middle", fill: "dim" }));
  }
  return parts.join("");
}
