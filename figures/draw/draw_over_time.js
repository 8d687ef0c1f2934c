/** Runs that ended, and the best number so far. @module */
import { countAxis, horizontalLines, labelsBelow, numberAxis } from "./axes.js";
import { color } from "./colors.js";
import { choosable, coordinate, element, hatching, label, picture, title } from "./svg.js";
import { countText, metricText, secondsText } from "./numbers.js";
import { domainOf, linearScale } from "./scales.js";

/** @typedef {import("../view.ts").OverTime} OverTime */
/** @typedef {import("./svg.js").DrawOptions} DrawOptions */

const TOP = 24;
const BARS = 72;
const BEST = 84;
const GAP = 40;

/**
 * Draws runs by the time of their end, failed ones hatched on top, and below the best number by the count
 * of runs, as a stepped line.
 *
 * @param {OverTime} overTime
 * @param {DrawOptions} options
 * @returns {string}
 */
export function drawOverTime(overTime, options) {
  const { width, metric } = options;
  const { done, failed, start, interval_seconds: interval, best } = overTime;
  const id = options.id ?? "over-time";
  const count = Math.max(done.length, failed.length);
  const sums = Array.from({ length: count }, (_, i) => (done[i] ?? 0) + (failed[i] ?? 0));
  const bottom = TOP + BARS;
  const y = countAxis([0, Math.max(1, ...sums)], [bottom, TOP + 2], 30);
  const top = bottom + GAP + 18;
  const domain = domainOf(best.map(({ value }) => value));
  const steps = numberAxis(domain ?? [0, 0], [top + BEST, top + 4], metric, 32);
  // A level line says no more than its words.
  const hasSteps = domain !== null && best.length > 1;
  const left = Math.min(Math.max(y.room, hasSteps ? steps.room : 0) + 10, width * 0.3);
  const x = linearScale([0, count], [left, width - 1]);
  const first = sums.findIndex((it) => it > 0);
  const bars = sums.map((sum, i) => {
    if (sum === 0) return "";
    const [from, to] = [x(i), x(i + 1)];
    const gap = to - from > 4 ? 1 : 0;
    const box = { x: from, width: Math.max(to - from - gap, 0.5) };
    const ended = y.scale(done[i] ?? 0);
    const upper = y.scale(sum);
    const failures = (failed[i] ?? 0) > 0
      ? element("rect", {
        ...box,
        y: upper,
        height: Math.max(ended - upper, 1),
        fill: `url(#${id}-failed)`,
        stroke: color("failed"),
        "stroke-width": 0.75,
      })
      : "";
    const words = `${timeText(start + i * interval, interval)}: ${done[i] ?? 0} done, ${
      failed[i] ?? 0
    } failed`;
    return element(
      "g",
      choosable(options, "interval", i, { isFirst: i === first }),
      [
        title(words),
        element("rect", { ...box, y: ended, height: bottom - ended, fill: color("mark") }),
        failures,
      ].join(""),
    );
  });
  const times = timeTicks(start, interval * count, (width - left) / 90);
  const content = [
    hatching(`${id}-failed`, { size: 4, stroke: "failed", thick: 2 }),
    label(`runs that ended, per ${secondsText(interval)}`, { x: 0, y: 13, width, bold: true }),
    horizontalLines(y, { left, right: width }),
    ...bars,
    labelsBelow(
      times.map((time) => timeText(time, interval)),
      times.map((time) => x((time - start) / interval)),
      { y: bottom + 16, left: Math.max(left - 24, 0), right: width },
    ),
  ];
  const last = best.at(-1);
  if (last === undefined) return picture(options, bottom + 24, "Runs over time", content);
  const text = metricText(metric, best.map(({ value }) => value));
  content.push(
    label(`best ${metric} so far: ${text(last.value)} since run ${countText(last.run)}`, {
      x: 0,
      y: top - 7,
      width,
      bold: true,
    }),
  );
  const runs = sums.reduce((sum, it) => sum + it, 0);
  const name = `${Math.max(runs, last.run)} runs over time, and the best ${metric} so far`;
  if (!hasSteps) return picture(options, top, name, content);
  const ended = done.reduce((sum, it) => sum + it, 0);
  content.push(stepsOf(best, Math.max(ended, last.run, 2), steps, { left, width, top, text }));
  return picture(options, top + BEST + 24, name, content);
}

/**
 * Returns the best number by the count of runs.
 *
 * @param {OverTime["best"]} best
 * @param {number} runs
 * @param {import("./axes.js").NumberAxis} axis
 * @param {{ left: number, width: number, top: number, text: (number: number) => string }} place
 * @returns {string}
 */
function stepsOf(best, runs, axis, { left, width, top, text }) {
  const right = width - 6;
  const counts = countAxis([1, runs], [left + 2, right], 90);
  const points = best.map(({ run, value }) => ({
    x: counts.scale(run),
    y: axis.scale(value),
    words: `run ${run}: ${text(value)}`,
  }));
  const line = points.map(({ x, y }, i) =>
    i === 0 ? `M${coordinate(x)} ${coordinate(y)}` : `H${coordinate(x)}V${coordinate(y)}`
  ).join("");
  return [
    horizontalLines(axis, { left, right: width }),
    element("path", {
      d: `${line}H${coordinate(right)}`,
      fill: "none",
      stroke: color("mark"),
      "stroke-width": 2,
    }),
    ...points.map(({ x, y, words }) =>
      element(
        "circle",
        { cx: x, cy: y, r: best.length > 30 ? 2 : 3, fill: color("mark") },
        title(words),
      )
    ),
    labelsBelow(counts.texts.map((it) => `run ${it}`), counts.values.map(counts.scale), {
      y: top + BEST + 16,
      left: Math.max(left - 24, 0),
      right: width,
    }),
  ].join("");
}

const STEPS = [
  1,
  5,
  15,
  30,
  60,
  300,
  900,
  1800,
  3600,
  3 * 3600,
  6 * 3600,
  12 * 3600,
  86_400,
  7 * 86_400,
  30 * 86_400,
];

/** @param {number} start @param {number} seconds @param {number} count @returns {number[]} */
function timeTicks(start, seconds, count) {
  const raw = seconds / Math.max(count, 1);
  const enough = STEPS.findLast((it) => it <= seconds / 2) ?? 1;
  const step = Math.min(STEPS.find((it) => it >= raw) ?? Math.ceil(raw / 86_400) * 86_400, enough);
  const first = Math.ceil(start / step) * step;
  const times = [];
  for (let time = first; time <= start + seconds && times.length < 50; time += step) {
    times.push(time);
  }
  return times.length === 0 ? [start] : times;
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/**
 * Returns a time of UTC as short as the interval allows: `14:20`, `29 Nov`.
 *
 * @param {number} seconds since 1970
 * @param {number} interval
 * @returns {string}
 */
export function timeText(seconds, interval) {
  const date = dateOf(seconds);
  const text = date.toISOString();
  const time = text.slice(text.indexOf("T") + 1);
  if (interval >= 86_400 || time.startsWith("00:00:00")) {
    return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
  }
  return interval < 60 && !time.startsWith("00", 6) ? time.slice(0, 8) : time.slice(0, 5);
}

/**
 * Returns a time of UTC with its day: `2026-11-28 22:00:00`.
 *
 * @param {number} seconds since 1970
 * @returns {string}
 */
export function dayTimeText(seconds) {
  return dateOf(seconds).toISOString().slice(0, -5).replace("T", " ");
}

/** @param {number} seconds @returns {Date} the nearest one that there is */
function dateOf(seconds) {
  return new Date(Math.max(Math.min(seconds || 0, 8e12), -8e12) * 1000);
}
