/** The metric by the values of one param. @module */
import { horizontalLines, labelsBelow, numberAxis } from "./axes.js";
import { color } from "./colors.js";
import { choosable, coordinate, element, label, pathOf, picture, title } from "./svg.js";
import { metricText, partLabels, percentText } from "./numbers.js";
import { domainOf, partPlaces } from "./scales.js";
import { textWidth, wrapText } from "./text.js";

/** @typedef {import("../view.ts").Effect} Effect */
/** @typedef {import("./svg.js").DrawOptions} DrawOptions */

const TOP = 24;
const PLOT = 110;
const ROW = 22;
/** The contrast of the band alone is too low. */
const BAND_EDGE = { stroke: color("rest"), "stroke-width": 0.75 };

/**
 * Returns the common domain of effects.
 *
 * @param {readonly Effect[]} effects
 * @returns {readonly [low: number, high: number] | undefined}
 */
export function effectsDomain(effects) {
  return domainOf(
    effects.flatMap(({ mean, low, high, best }) => [...mean, ...low, ...high, ...best]),
  ) ?? undefined;
}

/**
 * Draws the means of configurations by a param: a line for numbers, dots for texts; the band from the 10 % to
 * the 90 % quantile of configurations; a faint dot at the best one.
 *
 * @param {Effect} effect
 * @param {DrawOptions & { domain?: readonly [number, number] | undefined }} options `domain`: that of all effects
 * @returns {string}
 */
export function drawEffect(effect, options) {
  const { axis } = effect;
  const domain = options.domain ?? effectsDomain([effect]) ?? [0, 0];
  const labels = partLabels(axis);
  const widest = Math.max(0, ...labels.map((it) => textWidth(it, { size: 11 })));
  const isLine = axis.kind !== "texts";
  const isLying = !isLine && widest + 10 > (options.width - 44) / Math.max(labels.length, 1);
  const isLabelled = labels.length <= 40;
  return isLying && isLabelled
    ? lying(effect, options, domain, labels, widest)
    : upright(effect, options, domain, labels, isLine);
}

/** @param {Effect} effect @param {DrawOptions} options @returns {string[]} */
function heading(effect, { width }) {
  const share = effect.share === null ? "" : `explains ${percentText(effect.share)}`;
  const room = textWidth(share, { size: 11 });
  return [
    label(effect.axis.label, { x: 0, y: 13, width: width - room - 10, bold: true }),
    label(share, { x: width, y: 13, size: 11, anchor: "end", fill: "dim" }),
  ];
}

/**
 * @param {Effect} effect
 * @param {DrawOptions} options
 * @param {readonly [number, number]} domain
 * @param {readonly string[]} labels
 * @param {boolean} isLine
 * @returns {string}
 */
function upright(effect, options, domain, labels, isLine) {
  const { width, metric } = options;
  const y = numberAxis(domain, [TOP + PLOT, TOP + 4], metric);
  const left = Math.min(y.room + 8, width * 0.3);
  const places = partPlaces(effect.axis, [left + 6, width - 8]);
  const step = (width - left) / Math.max(places.length, 1);
  const points = places.map((x, i) => ({
    x,
    i,
    mean: effect.mean[i],
    low: effect.low[i],
    high: effect.high[i],
  }));
  const content = [...heading(effect, options), horizontalLines(y, { left, right: width })];
  if (isLine) {
    const known = points.filter(({ low, high }) => isNumber(low) && isNumber(high));
    const band = [
      ...known.map(({ x, high }) => /** @type {const} */ ([x, y.scale(Number(high))])),
      ...known.reverse().map(({ x, low }) => /** @type {const} */ ([x, y.scale(Number(low))])),
    ];
    const line = points.filter(({ mean }) => isNumber(mean))
      .map(({ x, mean }) => /** @type {const} */ ([x, y.scale(Number(mean))]));
    if (band.length > 2) {
      const edges = [band.slice(0, known.length), band.slice(known.length)];
      content.push(
        element("path", { d: `${pathOf(band)}Z`, fill: color("band"), "fill-opacity": 0.6 }),
        element("path", { d: edges.map(pathOf).join(""), fill: "none", ...BAND_EDGE }),
      );
    }
    content.push(
      element("path", {
        d: pathOf(line),
        fill: "none",
        stroke: color("mark"),
        "stroke-width": 2,
        "stroke-linejoin": "round",
      }),
    );
  } else {
    const thick = Math.min(Math.max(step * 0.3, 3), 10);
    for (const { x, low, high } of points) {
      if (!isNumber(low) || !isNumber(high)) continue;
      const [from, to] = [y.scale(Number(high)), y.scale(Number(low))];
      content.push(
        element("rect", {
          x: x - thick / 2,
          y: from,
          width: thick,
          height: Math.max(to - from, 1),
          rx: 2,
          fill: color("band"),
          ...BAND_EDGE,
        }),
      );
    }
  }
  content.push(dots(effect, options, (i, number) => [places[i] ?? left, y.scale(number)], step));
  const bottom = TOP + PLOT + 17;
  content.push(
    labelsBelow(labels, places, { y: bottom, left: Math.max(left - 20, 0), right: width }),
  );
  return picture(options, bottom + 7, effectName(effect, metric), content);
}

/**
 * One row for each text, whose label has up to 45 % of the width on two lines.
 *
 * @param {Effect} effect
 * @param {DrawOptions} options
 * @param {readonly [number, number]} domain
 * @param {readonly string[]} labels
 * @param {number} widest
 * @returns {string}
 */
function lying(effect, options, domain, labels, widest) {
  const { width, metric } = options;
  const left = Math.min(widest + 10, width * 0.45);
  const wrapped = labels.map((it) => wrapText(it, left - 10, 2, { size: 11 }));
  const row = wrapped.some((lines) => lines.length > 1) ? ROW + 8 : ROW;
  const bottom = TOP + labels.length * row;
  const x = numberAxis(domain, [left + 6, width - 8], metric, 55);
  const middle = (/** @type {number} */ i) => TOP + (i + 0.5) * row;
  const grid = x.values.map((value) =>
    element("path", { d: `M${coordinate(x.scale(value))} ${TOP}V${bottom}`, stroke: color("grid") })
  );
  const names = wrapped.flatMap((lines, i) =>
    lines.map((line, at) =>
      label(line, {
        x: left - 6,
        y: middle(i) + 4 + (at - (lines.length - 1) / 2) * 12,
        size: 11,
        anchor: "end",
        fill: "dim",
      })
    )
  );
  const bands = labels.map((_, i) => {
    const [low, high] = [effect.low[i], effect.high[i]];
    if (!isNumber(low) || !isNumber(high)) return "";
    const [from, to] = [x.scale(Number(low)), x.scale(Number(high))];
    return element("rect", {
      x: from,
      y: middle(i) - 4,
      width: Math.max(to - from, 1),
      height: 8,
      rx: 2,
      fill: color("band"),
      ...BAND_EDGE,
    });
  });
  return picture(options, bottom + 22, effectName(effect, metric), [
    ...heading(effect, options),
    ...grid,
    ...names,
    ...bands,
    dots(effect, options, (i, number) => [x.scale(number), middle(i)], row),
    labelsBelow(x.texts, x.values.map(x.scale), {
      y: bottom + 15,
      left: Math.max(left - 20, 0),
      right: width,
    }),
  ]);
}

/**
 * @param {Effect} effect
 * @param {DrawOptions} options
 * @param {(i: number, number: number) => readonly [x: number, y: number]} place
 * @param {number} step
 * @returns {string}
 */
function dots(effect, options, place, step) {
  const text = metricText(options.metric, effect.mean);
  const radius = step < 7 ? 1.5 : 3.5;
  let isFirst = true;
  return effect.axis.parts.map((part, i) => {
    const mean = effect.mean[i];
    if (mean === null || mean === undefined || !isNumber(mean)) return "";
    const best = effect.best[i];
    const words = [
      `${effect.axis.label} ${part.label}: mean ${text(mean)}`,
      isNumber(effect.low[i]) && isNumber(effect.high[i])
        ? `10–90 % ${text(Number(effect.low[i]))} to ${text(Number(effect.high[i]))}`
        : "",
      isNumber(best) ? `best ${text(Number(best))}` : "",
      `${effect.n[i] ?? 0} configurations`,
    ].filter((it) => it !== "");
    const [x, y] = place(i, mean);
    const marks = [title(words.join(", "))];
    // A larger target for pointers.
    marks.push(
      element("circle", {
        cx: x,
        cy: y,
        r: Math.min(Math.max(step / 2, 3), 11),
        fill: color("paper"),
        "fill-opacity": 0,
      }),
    );
    if (isNumber(best) && step >= 7) {
      const [bx, by] = place(i, Number(best));
      marks.push(element("circle", { cx: bx, cy: by, r: 2, fill: "none", stroke: color("rest") }));
    }
    marks.push(element("circle", {
      cx: x,
      cy: y,
      r: radius,
      fill: color("mark"),
      stroke: color("paper"),
      "stroke-width": step < 7 ? undefined : 1.5,
    }));
    const attributes = choosable(options, "value", i, { where: part.where, isFirst });
    isFirst = false;
    return element("g", attributes, marks.join(""));
  }).join("");
}

/** @param {Effect} effect @param {string} metric @returns {string} */
function effectName({ axis, share }, metric) {
  return `${metric} by ${axis.label}${share === null ? "" : `, explains ${percentText(share)}`}`;
}

/** @param {number | null | undefined} value @returns {boolean} */
function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}
