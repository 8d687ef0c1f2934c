/** Runs that ended, and the best number so far. @module */
import { countAxis, horizontalLines, labelsBelow, numberAxis } from "./axes.js";
import { color } from "./colors.js";
import { choosable, coordinate, element, label, picture, title } from "./svg.js";
import { columnText, countText, secondsText } from "./numbers.js";
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
  const most = Math.max(1, ...sums);
  const bottom = TOP + BARS;
  const y = countAxis([0, most], [bottom, TOP + 2], 30);
  const numbers = best.map(({ value }) => value);
  const bestDomain = domainOf(numbers);
  const bestTop = bottom + GAP + 18;
  const bestAxis = numberAxis(bestDomain ?? [0, 0], [bestTop + BEST, bestTop + 4], metric, 32);
  const room = Math.max(y.room, bestDomain === null ? 0 : bestAxis.room);
  const left = Math.min(room + 10, width * 0.3);
  const x = linearScale([0, count], [left, width - 1]);
  const bars = sums.map((sum, i) => {
    if (sum === 0) return "";
    const [from, to] = [x(i), x(i + 1)];
    const gap = to - from > 4 ? 1 : 0;
    const box = { x: from, width: Math.max(to - from - gap, 0.5) };
    const ended = y.scale(done[i] ?? 0);
    const top = y.scale(sum);
    const failures = (failed[i] ?? 0) > 0
      ? element("rect", {
        ...box,
        y: top,
        height: Math.max(ended - top, 1),
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
      choosable(options, "interval", i, { isFirst: i === sums.findIndex((it) => it > 0) }),
      [
        title(words),
        element("rect", { ...box, y: ended, height: bottom - ended, fill: color("mark") }),
        failures,
      ].join(""),
    );
  });
  const times = timeTicks(start, interval * count, (width - left) / 90);
  const content = [
    element(
      "defs",
      {},
      element("pattern", {
        id: `${id}-failed`,
        width: 4,
        height: 4,
        patternUnits: "userSpaceOnUse",
        patternTransform: "rotate(45)",
      }, element("path", { d: "M1 0V4", stroke: color("failed"), "stroke-width": 2 })),
    ),
    label(`runs that ended, per ${secondsText(interval)}`, { x: 0, y: 13, width, bold: true }),
    horizontalLines(y, { left, right: width }),
    ...bars,
    labelsBelow(
      times.map((time) => timeText(time, interval)),
      times.map((time) => x((time - start) / interval)),
      { y: bottom + 16, left: Math.max(left - 24, 0), right: width },
    ),
  ];
  if (bestDomain === null) return picture(options, bottom + 24, "Runs over time", content);
  const runs = Math.max(sums.reduce((sum, it) => sum + it, 0), ...best.map(({ run }) => run));
  const ended = done.reduce((sum, it) => sum + it, 0);
  const across = linearScale([1, Math.max(ended, ...best.map(({ run }) => run), 2)], [
    left + 2,
    width - 6,
  ]);
  const text = metric === "took" ? secondsText : columnText(numbers);
  const line = best.map(({ run, value }, i) =>
    i === 0
      ? `M${coordinate(across(run))} ${coordinate(bestAxis.scale(value))}`
      : `H${coordinate(across(run))}V${coordinate(bestAxis.scale(value))}`
  ).join("");
  const last = best.at(-1);
  const counts = countAxis([1, Math.max(ended, 2)], [left + 2, width - 6], 90);
  content.push(
    label(
      `best ${metric} so far${
        last ? `: ${text(last.value)} since run ${countText(last.run)}` : ""
      }`,
      {
        x: 0,
        y: bestTop - 7,
        width,
        bold: true,
      },
    ),
    horizontalLines(bestAxis, { left, right: width }),
    element("path", {
      d: `${line}H${coordinate(width - 6)}`,
      fill: "none",
      stroke: color("mark"),
      "stroke-width": 2,
    }),
    ...best.map(({ run, value }) =>
      element("circle", {
        cx: across(run),
        cy: bestAxis.scale(value),
        r: best.length > 30 ? 2 : 3,
        fill: color("mark"),
      }, title(`run ${run}: ${text(value)}`))
    ),
    labelsBelow(counts.texts.map((it) => `run ${it}`), counts.values.map(across), {
      y: bestTop + BEST + 16,
      left: Math.max(left - 24, 0),
      right: width,
    }),
  );
  return picture(
    options,
    bestTop + BEST + 24,
    `${runs} runs over time, and the best ${metric} so far`,
    content,
  );
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

/**
 * Returns a time of UTC as short as the interval allows.
 *
 * @param {number} seconds since 1970
 * @param {number} interval
 * @returns {string}
 */
export function timeText(seconds, interval) {
  const date = new Date(Math.max(Math.min(seconds, 8e12), -8e12) * 1000);
  if (Number.isNaN(date.getTime())) return "";
  const text = date.toISOString().replace(/^\+/, "");
  const [day = "", time = ""] = text.split("T");
  const isMidnight = time.startsWith("00:00:00");
  if (interval >= 86_400 || isMidnight) return day.slice(5);
  return interval < 60 && !time.startsWith("00", 6) ? time.slice(0, 8) : time.slice(0, 5);
}
