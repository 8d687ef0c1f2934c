/** All configurations as parallel coordinates. @module */
import { color } from "./colors.js";
import { choosable, coordinate, element, label, pathOf, picture, title } from "./svg.js";
import { countText, metricText, partLabels } from "./numbers.js";
import { domainOf, linearScale, partPlaces } from "./scales.js";
import { fitText, textWidth } from "./text.js";

/** @typedef {import("../view.ts").Configurations} Configurations */
/** @typedef {import("./svg.js").DrawOptions} DrawOptions */

const TOP = 26;
const PLOT = 220;
const MAX_AXES = 9;
/** The maximum number of lines in colour. */
const MAX_BEST = 100;
/** The distance of two axes at least: further axes are left out where it is narrower. */
const MIN_APART = 64;

/**
 * Draws each configuration as a line through its params to the metric. The best tenth is in colour and on
 * top; the best is thicker.
 *
 * @param {Configurations} configurations
 * @param {DrawOptions} options
 * @returns {string}
 */
export function drawConfigurations(configurations, options) {
  const { width, metric, better } = options;
  const { parts, mean } = configurations;
  const room = Math.max(Math.floor(width / MIN_APART), 2);
  const axes = configurations.axes.slice(0, Math.min(MAX_AXES, room - 1));
  const first = axes[0] === undefined ? [] : partLabels(axes[0]);
  const widest = Math.max(20, ...first.map((it) => textWidth(it, { size: 11 })));
  const margin = Math.min(widest + 8, width * 0.2);
  const text = metricText(metric, mean);
  const domain = domainOf(mean) ?? [0, 0];
  const worstFirst = better === "lower" ? domain : /** @type {const} */ ([domain[1], domain[0]]);
  const last = Math.max(
    textWidth(text(domain[0]), { size: 11 }),
    textWidth(text(domain[1]), { size: 11 }),
  );
  const apart = (width - margin - Math.max(margin, last + 10)) / Math.max(axes.length, 1);
  const xs = [...axes, null].map((_, i) => margin + i * apart);
  const bottom = TOP + PLOT;
  const places = axes.map((axis) => partPlaces(axis, [bottom, TOP]));
  // The better end is below, where the eye ends.
  const [low, high] = domain;
  const scale = linearScale(domain, better === "lower" ? [bottom, TOP] : [TOP, bottom]);
  const order = mean.map((_, i) => i).filter((i) => Number.isFinite(mean[i]))
    .sort((a, b) => ((mean[a] ?? 0) - (mean[b] ?? 0)) * (better === "lower" ? 1 : -1));
  const tenth = bestCount(configurations);
  const line = (/** @type {number} */ i) =>
    pathOf([
      ...axes.flatMap((_, a) => {
        const at = places[a]?.[parts[a]?.[i] ?? -1];
        return at === undefined ? [] : [/** @type {const} */ ([xs[a] ?? 0, at])];
      }),
      [xs.at(-1) ?? 0, scale(mean[i] ?? low)],
    ]);
  const words = (/** @type {number} */ i) =>
    `${paramWords(configurations, i)}: ${metric} ${text(mean[i] ?? low)}`;
  const others = order.slice(tenth).reverse();
  // Where lines of their own cross, they add up.
  const least = options.still ? 0.25 : 0.12;
  const faint = Math.min(Math.max(5 / Math.sqrt(others.length + 1), least), 0.8);
  const style = {
    fill: "none",
    stroke: color("rest"),
    "stroke-opacity": String(Math.round(faint * 100) / 100),
  };
  const rest = options.still
    ? [element("path", { d: others.map((i) => line(i).replace(/\.\d/g, "")).join(""), ...style })]
    : others.map((i) =>
      element("path", { ...choosable(options, "line", i), d: line(i), ...style }, title(words(i)))
    );
  const best = order.slice(0, tenth).reverse().map((i, at) =>
    element("path", {
      ...choosable(options, "line best", i, { isFirst: at === tenth - 1 || i === order[0] }),
      d: line(i),
      fill: "none",
      stroke: color("mark"),
      "stroke-width": i === order[0] ? 3 : 1.25,
      "stroke-opacity": i === order[0] ? undefined : "0.8",
    }, title(words(i)))
  );
  const drawnAxes = xs.map((x, a) => {
    const axis = axes[a];
    const [side, anchor] = a === xs.length - 1
      ? /** @type {const} */ ([5, undefined])
      : /** @type {const} */ ([-5, "end"]);
    const labels = axis === undefined
      ? [[text(worstFirst[0]), bottom], [text(worstFirst[1]), TOP]]
      : sparse(partLabels(axis), places[a] ?? []);
    const free = a === 0 ? margin - 5 : a === xs.length - 1 ? width - x - 6 : apart / 2;
    return element("path", {
      d: `M${coordinate(x)} ${TOP - 4}V${bottom + 4}`,
      stroke: color("axis"),
    }) +
      (options.still ? "" : brushArea(axis === undefined ? -1 : a, x)) +
      headOf(axis?.label ?? metric, x, apart, width, a === xs.length - 1) +
      labels.map(([text, y]) =>
        onPaper(String(text), { x: x + side, y: Number(y) + 4, width: free, anchor })
      ).join("");
  });
  if (high === low) {
    rest.unshift(
      label(`always ${text(low)}`, { x: margin, y: bottom + 20, size: 11, fill: "dim" }),
    );
  }
  const name = `${order.length} configurations by ${
    [...axes.map(({ label }) => label), metric].join(", ")
  }`;
  return picture(options, bottom + 26, name, [...rest, ...best, ...drawnAxes]);
}

/** The area where the page lets a range of an axis be dragged. @param {number} axis -1: the metric's @param {number} x */
function brushArea(axis, x) {
  return element("rect", {
    "data-axis": String(axis),
    x: x - 9,
    y: TOP,
    width: 18,
    height: PLOT,
    fill: "none",
    "pointer-events": "all",
  });
}

/**
 * Returns what the lines are: which of them are in colour, and how many are drawn.
 *
 * @param {Configurations} configurations
 * @returns {string}
 */
export function configurationsWords({ total, mean }) {
  const best = total > 10 * MAX_BEST ? `best ${MAX_BEST} are` : "best tenth is";
  const part = mean.length < total
    ? ` ${countText(mean.length)} of ${countText(total)} are drawn.`
    : "";
  return `Each line is a configuration; the ${best} in colour. The better end of the metric is below.${part}`;
}

/**
 * Returns the params of a configuration and their values: `lr 0.006, batch 16`.
 *
 * @param {Configurations} configurations
 * @param {number} i
 * @returns {string}
 */
export function paramWords({ axes, parts }, i) {
  return axes.map((axis, a) => `${axis.label} ${axis.parts[parts[a]?.[i] ?? -1]?.label ?? "none"}`)
    .join(", ");
}

/** @param {Configurations} configurations @returns {number} */
function bestCount({ total }) {
  return Math.max(Math.min(Math.ceil(total / 10), MAX_BEST), 1);
}

/** @param {string} text @param {number} x @param {number} apart @param {number} width @param {boolean} isLast */
function headOf(text, x, apart, width, isLast) {
  const shown = fitText(text, apart - 10, { bold: true });
  const half = textWidth(shown, { bold: true }) / 2;
  const at = Math.max(Math.min(x, width - half), half);
  return label(shown, {
    x: at,
    y: 13,
    bold: true,
    anchor: "middle",
    fill: isLast ? "mark" : undefined,
  });
}

/** A label over lines has an outline in the colour of the page. @param {string} text @param {{ x: number, y: number, width: number, anchor?: "end" | undefined }} place */
function onPaper(text, { x, y, width, anchor }) {
  return element(
    "g",
    {
      stroke: color("paper"),
      "stroke-width": 3,
      "stroke-linejoin": "round",
      "paint-order": "stroke",
    },
    label(text, {
      x,
      y,
      width,
      size: 11,
      fill: "dim",
      ...(anchor === undefined ? {} : { anchor }),
    }),
  );
}

/**
 * Returns the labels of an axis that are at least 14 pixels from the one before, with both ends.
 *
 * @param {readonly string[]} texts
 * @param {readonly number[]} places
 * @returns {[text: string, y: number][]}
 */
function sparse(texts, places) {
  const all = texts.map((text, i) => /** @type {[string, number]} */ ([text, places[i] ?? 0]));
  const last = all.at(-1);
  if (last === undefined) return [];
  /** @type {[string, number][]} */
  const kept = [];
  for (const it of all.slice(0, -1)) {
    const before = kept.at(-1);
    if ((before === undefined || before[1] - it[1] >= 14) && it[1] - last[1] >= 14) kept.push(it);
  }
  return [...kept, last];
}
