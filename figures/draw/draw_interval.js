/** Interval glyphs of configurations on a common axis. @module */
import { color } from "./colors.js";
import { coordinate, element, title } from "./svg.js";
import { labelsBelow, numberAxis } from "./axes.js";
import { columnText, metricText } from "./numbers.js";
import { domainOf, linearScale } from "./scales.js";

/** @typedef {import("../view.ts").BestRow} BestRow */

/** The room of a dot at both ends of a glyph. */
const END = 6;
/** The wanted distance of numbers on the axis. */
const APART = 70;
/** The height of a picture of one interval. */
const HEIGHT = 20;

/** A range of all runs that is this many times as long as that of most is cut. */
const MAX_STRETCH = 5;

/**
 * Returns the common domain of the glyphs of rows: all runs or, if a few of them are far off, most.
 *
 * @param {readonly BestRow[]} rows
 * @returns {readonly [low: number, high: number]}
 */
export function intervalDomain(rows) {
  const all = domainOf(rows.flatMap(({ least, most, mean }) => [least, most, mean]));
  const core = domainOf(
    rows.flatMap(({ mean, sd }) => [mean - 2 * (sd ?? 0), mean + 2 * (sd ?? 0)]),
  );
  if (all === null || core === null) return [0, 0];
  const isFar = core[1] > core[0] && all[1] - all[0] > MAX_STRETCH * (core[1] - core[0]);
  return isFar ? [Math.max(core[0], all[0]), Math.min(core[1], all[1])] : all;
}

/**
 * Returns the marks of one interval: a dot at the mean, a thick line of one sd on both sides within the
 * runs, a thin one from the least to the most, an arrow head where that is cut.
 *
 * @param {BestRow} row
 * @param {readonly [number, number]} domain
 * @param {{ x: number, y: number, width: number }} place `y` is the middle
 * @returns {string}
 */
export function intervalMarks(row, domain, { x, y, width }) {
  const { mean, least, most, few } = row;
  const scale = linearScale(domain, [x + END, x + width - END]);
  const sd = row.sd ?? 0;
  const from = Math.max(mean - sd, least);
  const to = Math.min(mean + sd, most);
  const thin = element("path", {
    d: `M${coordinate(scale(least))} ${coordinate(y)}H${coordinate(scale(most))}`,
    stroke: color("axis"),
    "stroke-width": 1.5,
  });
  const heads = [[least < domain[0], scale(domain[0]), -1], [most > domain[1], scale(domain[1]), 1]]
    .map(([isCut, at, side]) =>
      isCut
        ? element("path", {
          d: `M${coordinate(Number(at) + Number(side) * 6)} ${coordinate(y)}l${
            Number(side) * -5
          } -3v6z`,
          fill: color("axis"),
        })
        : ""
    ).join("");
  const thick = to > from
    ? element("rect", {
      x: scale(from),
      y: y - 3.5,
      width: Math.max(scale(to) - scale(from), 1),
      height: 7,
      rx: 1,
      fill: color("band"),
      stroke: color("mark"),
      "stroke-width": 1,
    })
    : "";
  const dot = element("circle", {
    cx: scale(mean),
    cy: y,
    r: 4,
    fill: color(few ? "paper" : "mark"),
    stroke: color(few ? "mark" : "paper"),
    "stroke-width": 1.5,
  });
  return thin + heads + thick + dot;
}

/**
 * Returns the numbers of the common axis, to be placed above the intervals.
 *
 * @param {readonly [number, number]} domain
 * @param {string} metric
 * @param {{ x: number, y: number, width: number }} place `y` is the base line
 * @returns {string}
 */
export function intervalAxis(domain, metric, { x, y, width }) {
  const { texts, values, scale } = numberAxis(domain, [x + END, x + width - END], metric, APART);
  return labelsBelow(texts, values.map(scale), { y, left: x, right: x + width });
}

/**
 * Returns the words of an interval: `0.2491 ± 0.0210, least 0.2088, most 0.3060, 50 runs`.
 *
 * @param {BestRow} row
 * @returns {string}
 */
export function intervalWords({ mean, sd, least, most, n }) {
  const text = columnText([mean, least, most, sd], 4);
  const runs = n === 1 ? "1 run" : `${n} runs`;
  return sd === null || n < 2
    ? `${text(mean)}, ${runs}`
    : `${text(mean)} ± ${text(sd)}, least ${text(least)}, most ${text(most)}, ${runs}`;
}

/**
 * Draws the interval of one configuration, as a picture for a cell of a table.
 *
 * @param {BestRow} row
 * @param {{ width: number, domain: readonly [number, number] }} options `domain` is that of all rows
 * @returns {string}
 */
export function drawInterval(row, { width, domain }) {
  const words = intervalWords(row);
  const marks = intervalMarks(row, domain, { x: 0, y: HEIGHT / 2, width });
  return small(width, words, title(words) + marks);
}

/**
 * Draws the common axis of intervals, as a picture for the head of their column.
 *
 * @param {string} metric
 * @param {{ width: number, domain: readonly [number, number] }} options
 * @returns {string}
 */
export function drawIntervalAxis(metric, { width, domain }) {
  const text = metricText(metric, domain);
  const axis = intervalAxis(domain, metric, { x: 0, y: HEIGHT - 5, width });
  return small(width, `${metric} from ${text(domain[0])} to ${text(domain[1])}`, axis);
}

/** @param {number} width @param {string} label @param {string} content @returns {string} */
function small(width, label, content) {
  return element("svg", {
    xmlns: "http://www.w3.org/2000/svg",
    class: "interval",
    viewBox: `0 0 ${coordinate(width)} ${HEIGHT}`,
    width,
    height: HEIGHT,
    "font-weight": "400",
    role: "img",
    "aria-label": label,
  }, content);
}
