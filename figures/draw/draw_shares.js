/** Bars of the shares of variance. @module */
import { color } from "./colors.js";
import { choosable, element, label, picture, title } from "./svg.js";
import { percentText } from "./numbers.js";
import { textWidth } from "./text.js";

/** @typedef {import("../view.ts").Matters} Matters */
/** @typedef {import("./svg.js").DrawOptions} DrawOptions */

const BAR = 22;
const MAX_BARS = 8;

/**
 * Draws how much of the metric's variance each param and pair of params explains, and the noise. Bars of
 * params are in colour, the rest is outlined.
 *
 * @param {Matters} matters
 * @param {DrawOptions & { over?: readonly string[] }} options `over`: names of the noise
 * @returns {string}
 */
export function drawShares(matters, options) {
  const { width, metric } = options;
  const bars = shareBars(matters, options.over);
  const most = Math.max(...bars.map(({ share }) => share), 1e-9);
  const right = Math.max(...bars.map(({ share }) => textWidth(percentText(share)))) + 8;
  const left = Math.min(
    Math.max(...bars.map(({ name }) => textWidth(name))) + 8,
    // Two names and a sign need more than one.
    width * (width < 400 ? 0.4 : 0.3),
  );
  const room = Math.max(width - left - right, 10);
  const marks = bars.map(({ name, share, isRest, i }, at) => {
    const y = at * BAR;
    const length = Math.max(share / most * room, 2);
    const bar = element("rect", {
      x: left,
      y: y + 4,
      width: length,
      height: BAR - 8,
      rx: 2,
      fill: isRest ? color("paper") : color("mark"),
      stroke: isRest ? color("rest") : undefined,
    });
    const text = label(name, { x: left - 8, y: y + 15, width: left - 8, anchor: "end" }) +
      label(percentText(share), { x: left + length + 6, y: y + 15, fill: "dim" });
    const attributes = isRest ? {} : choosable(options, "share", i, { isFirst: at === 0 });
    return element(
      "g",
      attributes,
      title(`${name}: ${percentText(share)} of the variance of ${metric}`) + bar + text,
    );
  });
  return picture(options, bars.length * BAR, `Shares of the variance of ${metric}`, marks);
}

/**
 * Returns the bars: the largest shares, the sum of the smaller ones, interactions of more params, noise.
 *
 * @param {Matters} matters
 * @param {readonly string[]} [over]
 * @returns {{ name: string, share: number, isRest: boolean, i: number }[]}
 */
export function shareBars({ shares, higher, noise }, over = []) {
  const bars = shares.map(({ names, share }, i) => ({
    name: names.join(" × "),
    share,
    isRest: false,
    i,
  }));
  const shown = bars.length > MAX_BARS ? bars.slice(0, MAX_BARS - 1) : bars;
  const others = bars.slice(shown.length);
  const rest = (/** @type {string} */ name, /** @type {number} */ share) => ({
    name,
    share,
    isRest: true,
    i: -1,
  });
  if (others.length > 0) {
    shown.push(rest(`${others.length} others`, others.reduce((sum, { share }) => sum + share, 0)));
  }
  // On a part of a grid, params that cannot be told apart leave a rest.
  const params = new Set(shares.flatMap(({ names }) => names)).size;
  if (higher >= 0.0005) shown.push(rest(params > 2 ? "three or more" : "rest", higher));
  if (noise !== null) {
    shown.push(rest(over.length === 0 ? "noise" : `noise (${over.join(", ")})`, noise));
  }
  return shown;
}
