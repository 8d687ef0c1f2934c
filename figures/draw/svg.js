/** Elements of SVG as text. Everything that they are given is escaped. @module */
import { color } from "./colors.js";
import { allowedText, fitText, plainText } from "./text.js";

/** @typedef {import("../view.ts").Better} Better */

/**
 * Options of all figures.
 *
 * @typedef {object} DrawOptions
 * @property {number} width in pixels; the figure chooses its height
 * @property {Better} better
 * @property {string} metric its short name
 * @property {string} [id] of the root element
 * @property {boolean} [still] true for a picture: marks have no role and no index, and the text is smaller
 */

/** Characters of a tooltip. */
const MAX_TITLE = 400;

/** Fonts of the system. */
const FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";

/**
 * Escapes a text for content and attributes. Characters that XML 1.0 forbids become others.
 *
 * @param {string} text
 * @returns {string}
 */
export function escapeXml(text) {
  return allowedText(text).replace(/[&<>"']/g, (found) => ENTITIES[found] ?? found);
}

/** @type {Readonly<Record<string, string>>} */
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/**
 * Returns an element. Numbers have one decimal; attributes that are undefined or null are left out.
 *
 * @param {string} name
 * @param {Readonly<Record<string, string | number | null | undefined>>} attributes
 * @param {string} [content] markup
 * @returns {string}
 */
export function element(name, attributes, content = "") {
  let text = `<${name}`;
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null) continue;
    text += ` ${key}="${typeof value === "number" ? coordinate(value) : escapeXml(value)}"`;
  }
  return content === "" ? `${text}/>` : `${text}>${content}</${name}>`;
}

/**
 * Returns a number as it is written in a picture; one that is not finite is 0.
 *
 * @param {number} number
 * @returns {string}
 */
export function coordinate(number) {
  return Number.isFinite(number) ? String(Math.round(number * 10) / 10 + 0) : "0";
}

/**
 * Returns the root element of a figure.
 *
 * @param {DrawOptions} options
 * @param {number} height
 * @param {string} label its description for readers who do not see it
 * @param {readonly string[]} content markup
 * @returns {string}
 */
export function picture({ width, id, still }, height, label, content) {
  return element("svg", {
    xmlns: "http://www.w3.org/2000/svg",
    id,
    class: "figure",
    viewBox: `0 0 ${coordinate(width)} ${coordinate(height)}`,
    width,
    height,
    "font-family": FONTS,
    "font-size": 12,
    fill: color("ink"),
    role: still ? "img" : "group",
    "aria-label": plainText(label),
  }, content.join(""));
}

/**
 * Returns a line of text that fits into its width: a longer one has an ellipsis in the middle, and a
 * title with all of it.
 *
 * @param {string} text
 * @param {{
 *   x: number,
 *   y: number,
 *   width?: number,
 *   size?: number,
 *   bold?: boolean,
 *   anchor?: "middle" | "end",
 *   fill?: string,
 *   turned?: boolean,
 * }} place `y` is the base line; a turned text is read upwards
 * @returns {string}
 */
export function label(text, { x, y, width = Infinity, size = 12, bold, anchor, fill, turned }) {
  const shown = fitText(text, width, { size, bold });
  if (shown === "") return "";
  const whole = shown === plainText(text) ? "" : title(text);
  return element("text", {
    x: turned ? undefined : x,
    y: turned ? undefined : y,
    transform: turned ? `translate(${coordinate(x)} ${coordinate(y)}) rotate(-90)` : undefined,
    "font-size": size === 12 ? undefined : size,
    "font-weight": bold ? 600 : undefined,
    "text-anchor": anchor,
    fill: fill === undefined ? undefined : color(fill),
    // Spaces are kept where a value has them at its ends.
    "xml:space": /^\s|\s$/.test(shown) ? "preserve" : undefined,
  }, whole + escapeXml(shown));
}

/**
 * Returns the attributes of a mark that can be chosen. The first one takes the focus of the figure; the
 * page moves it by arrows.
 *
 * @param {DrawOptions} options
 * @param {string} name its class
 * @param {number} i its index in the data
 * @param {{ where?: string | null | undefined, isFirst?: boolean }} [more]
 * @returns {Record<string, string | number | null | undefined>}
 */
export function choosable({ still }, name, i, { where, isFirst } = {}) {
  if (still) return {};
  return {
    class: name,
    "data-i": i,
    "data-where": where,
    role: "button",
    tabindex: isFirst ? "0" : "-1",
  };
}

/**
 * Returns the definition of a pattern of slanting lines, for `fill: url(#id)`.
 *
 * @param {string} id
 * @param {{ size: number, stroke: string, thick: number }} lines
 * @returns {string}
 */
export function hatching(id, { size, stroke, thick }) {
  const pattern = element(
    "pattern",
    {
      id,
      width: size,
      height: size,
      patternUnits: "userSpaceOnUse",
      patternTransform: "rotate(45)",
    },
    element("path", {
      d: `M${coordinate(thick / 2)} 0V${size}`,
      stroke: color(stroke),
      "stroke-width": thick,
    }),
  );
  return element("defs", {}, pattern);
}

/** Returns a tooltip. @param {string} text @returns {string} */
export function title(text) {
  const line = plainText(text);
  return element(
    "title",
    {},
    escapeXml(line.length > MAX_TITLE ? `${plainText(text.slice(0, MAX_TITLE))}…` : line),
  );
}

/**
 * Returns the data of a path through points.
 *
 * @param {readonly (readonly [x: number, y: number])[]} points
 * @returns {string}
 */
export function pathOf(points) {
  return points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${coordinate(x)} ${coordinate(y)}`)
    .join("");
}
