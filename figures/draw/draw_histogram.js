/** The distribution of the metric over runs. @module */
import { labelsBelow, numberAxis } from "./axes.js";
import { color } from "./colors.js";
import { choosable, element, label, picture, title } from "./svg.js";
import { metricText } from "./numbers.js";
import { linearScale } from "./scales.js";

/** @typedef {import("../view.ts").Configurations["histogram"]} Histogram */
/** @typedef {import("./svg.js").DrawOptions} DrawOptions */

const TOP = 20;
const PLOT = 64;

/**
 * Draws counts of runs in equal intervals of the metric.
 *
 * @param {Histogram} histogram
 * @param {DrawOptions} options
 * @returns {string}
 */
export function drawHistogram({ least, most, counts }, options) {
  const { width, metric } = options;
  const axis = numberAxis([least, most], [1, width - 1], metric, 80);
  const x = linearScale([0, counts.length], [1, width - 1]);
  const bottom = TOP + PLOT;
  const y = linearScale([0, Math.max(1, ...counts)], [bottom, TOP + 4]);
  const text = metricText(metric, [least, most]);
  const ends = (/** @type {number} */ i) => text(least + (most - least) * i / counts.length);
  const first = counts.findIndex((it) => it > 0);
  const bars = counts.map((count, i) => {
    if (!(count > 0)) return "";
    const [from, to] = [x(i), x(i + 1)];
    const height = Math.max(bottom - y(count), 1);
    return element("rect", {
      ...choosable(options, "bin", i, { isFirst: i === first }),
      x: from,
      y: bottom - height,
      width: Math.max(to - from - (to - from > 3 ? 1 : 0), 0.5),
      height,
      fill: color("mark"),
    }, title(`${metric} ${ends(i)} to ${ends(i + 1)}: ${count} ${count === 1 ? "run" : "runs"}`));
  });
  return picture(
    options,
    bottom + 22,
    `Distribution of ${metric} from ${text(least)} to ${text(most)}`,
    [
      label(`runs by ${metric}`, { x: 0, y: 13, width, bold: true }),
      ...bars,
      element("path", { d: `M0 ${bottom + 0.5}H${width}`, stroke: color("axis") }),
      labelsBelow(axis.texts, axis.values.map(axis.scale), {
        y: bottom + 16,
        left: 0,
        right: width,
      }),
    ],
  );
}
