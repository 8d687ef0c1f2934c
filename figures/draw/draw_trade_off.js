/** Two metrics of configurations, and their Pareto front. @module */
import { horizontalLines, labelsBelow, numberAxis } from "./axes.js";
import { color } from "./colors.js";
import { paramWords } from "./draw_configurations.js";
import { choosable, coordinate, element, label, picture, title } from "./svg.js";
import { metricText } from "./numbers.js";
import { domainOf } from "./scales.js";

/** @typedef {import("../view.ts").Configurations} Configurations */
/** @typedef {import("./svg.js").DrawOptions} DrawOptions */
/** @typedef {import("./svg.js").Better} Better */

const TOP = 24;

/**
 * Draws configurations by a second metric (across) and the metric (up). Those of the front are diamonds on
 * a stepped line; the others are dots.
 *
 * @param {Configurations} configurations with a second metric
 * @param {DrawOptions & { other: { label: string, better: Better } }} options `other`: the second metric
 * @returns {string}
 */
export function drawTradeOff(configurations, options) {
  const { mean, other, front } = configurations;
  const { width, metric } = options;
  const second = options.other.label;
  const points = mean.flatMap((y, i) => {
    const x = other?.[i];
    return typeof x === "number" && Number.isFinite(x) && Number.isFinite(y) ? [{ x, y, i }] : [];
  });
  const plot = Math.max(Math.min(width * 0.55, 320), 160);
  const bottom = TOP + plot;
  const padded = (/** @type {readonly number[]} */ numbers) => {
    const [low, high] = domainOf(numbers) ?? [0, 0];
    const more = (high - low) * 0.03;
    return /** @type {const} */ ([low - more, high + more]);
  };
  const y = numberAxis(padded(points.map((it) => it.y)), [bottom, TOP + 4], metric, 45);
  const left = Math.min(y.room + 10, width * 0.3);
  const x = numberAxis(padded(points.map((it) => it.x)), [left + 4, width - 8], second, 70);
  const texts = {
    x: metricText(second, points.map((it) => it.x)),
    y: metricText(metric, points.map((it) => it.y)),
  };
  const isFront = new Set(front ?? []);
  const words = (/** @type {{ x: number, y: number, i: number }} */ { x, y, i }) =>
    `${paramWords(configurations, i)}: ${metric} ${texts.y(y)}, ${second} ${texts.x(x)}`;
  const at = (/** @type {{ x: number, y: number }} */ point) =>
    `${coordinate(x.scale(point.x))} ${coordinate(y.scale(point.y))}`;
  const others = points.filter(({ i }) => !isFront.has(i));
  const dots = options.still
    ? [element("path", {
      d: others.map((it) => `M${at(it)}h0`).join(""),
      stroke: color("rest"),
      "stroke-width": 5,
      "stroke-linecap": "round",
      "stroke-opacity": "0.7",
      fill: "none",
    })]
    : others.map((it) =>
      element("circle", {
        ...choosable(options, "point", it.i, { isFirst: isFront.size === 0 && it === others[0] }),
        cx: x.scale(it.x),
        cy: y.scale(it.y),
        r: 3,
        fill: color("rest"),
        "fill-opacity": "0.7",
      }, title(words(it)))
    );
  const best = (front ?? []).flatMap((i) => points.filter((it) => it.i === i))
    .sort((a, b) => a.x - b.x);
  const step = best.map((it, i) =>
    i === 0 ? `M${at(it)}` : `H${coordinate(x.scale(it.x))}V${coordinate(y.scale(it.y))}`
  ).join("");
  const diamonds = best.map((it, i) =>
    element("path", {
      ...choosable(options, "point front", it.i, { isFirst: i === 0 }),
      d: `M${coordinate(x.scale(it.x))} ${
        coordinate(y.scale(it.y) - 5.5)
      }l5.5 5.5l-5.5 5.5l-5.5 -5.5z`,
      fill: color("mark"),
      stroke: color("paper"),
      "stroke-width": 1.5,
    }, title(`${words(it)}, on the front`))
  );
  return picture(
    options,
    bottom + 40,
    `${metric} and ${second} of ${points.length} configurations`,
    [
      label(`${metric}, ${options.better} is better`, {
        x: 0,
        y: 13,
        width: width - 10,
        bold: true,
      }),
      horizontalLines(y, { left, right: width }),
      labelsBelow(x.texts, x.values.map(x.scale), {
        y: bottom + 17,
        left: Math.max(left - 16, 0),
        right: width,
      }),
      ...dots,
      element("path", { d: step, fill: "none", stroke: color("mark"), "stroke-width": 1.5 }),
      ...diamonds,
      label(`${second}, ${options.other.better} is better`, {
        x: width,
        y: bottom + 35,
        width: width - 10,
        bold: true,
        anchor: "end",
      }),
    ],
  );
}
