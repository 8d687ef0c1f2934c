/** The best configurations as a table with interval glyphs. @module */
import { color } from "./colors.js";
import { intervalAxis, intervalDomain, intervalMarks, intervalWords } from "./draw_interval.js";
import { element, label, picture, title } from "./svg.js";
import { meanText, secondsText, shortValue, spreadText } from "./numbers.js";
import { fitText, textWidth } from "./text.js";

/** @typedef {import("../view.ts").Best} Best */
/** @typedef {import("./svg.js").DrawOptions} DrawOptions */

const ROW = 26;
/** The height of a further line of names. */
const LINE = 15;
const GAP = 14;
const MAX_GAP = 44;
const MAX_GLYPH = 460;
/** The width below which params and numbers take two lines. */
const NARROW = 560;

/**
 * Draws the best configurations: params, mean, sd, number of runs, an interval on a common axis, duration. A
 * bracket holds the rows that cannot be told apart.
 *
 * @param {Best} best
 * @param {DrawOptions} options
 * @returns {string}
 */
export function drawBest(best, options) {
  const { width, metric } = options;
  const texts = bestTexts(best, metric);
  const isNarrow = width < NARROW;
  const left = 12;
  const names = isNarrow ? stackedNames(best, texts, width - left) : [];
  const lines = Math.max(names[0]?.length ?? 1, 1);
  const rowHeight = isNarrow ? 2 * ROW - 6 + (lines - 1) * LINE : ROW;
  const top = isNarrow ? 4 : ROW;
  const domain = intervalDomain(best.rows);
  const columns = isNarrow ? [] : columnsOf(best, texts, width - left);
  const marks = best.rows.map((row, i) => {
    const y = top + i * rowHeight;
    const name = best.params.map((param, p) => `${param} ${row.values[p] ?? ""}`).join(", ");
    const text = isNarrow
      ? stacked(best, texts, i, names[i] ?? [], {
        x: left,
        y,
        width: width - left,
        height: rowHeight,
      }, domain)
      : columns.map(({ head, texts, x, width, isNumber }) =>
        label(texts[i] ?? "", {
          x: left + (isNumber ? x + width : x),
          y: y + 17,
          width,
          bold: isNumber && head === "mean",
          anchor: isNumber ? "end" : undefined,
          fill: row.few ? "dim" : undefined,
        })
      ).join("") + intervalMarks(row, domain, glyphPlace(columns, left, width, y));
    const line = element("path", { d: `M${left - 4} ${y}H${width}`, stroke: color("grid") });
    return element("g", {}, title(`${name}: ${metric} ${intervalWords(row)}`) + line + text);
  });
  const heads = columns.map(({ head, x, width, isNumber }) =>
    label(head, {
      x: left + (isNumber ? x + width : x),
      y: 17,
      width,
      bold: true,
      anchor: isNumber ? "end" : undefined,
      fill: "dim",
    })
  );
  const bracket = best.ties > 1
    ? element(
      "path",
      {
        d: `M7 ${top + 6}H3V${top + Math.min(best.ties, best.rows.length) * rowHeight - 6}H7`,
        fill: "none",
        stroke: color("mark"),
        "stroke-width": 1.5,
      },
      title(
        `The first ${best.ties} are not told apart: their means are within the standard error.`,
      ),
    )
    : "";
  const height = top + best.rows.length * rowHeight + 4;
  return picture(options, height, `Best configurations by ${metric}`, [
    ...heads,
    isNarrow ? "" : intervalAxis(domain, metric, { ...glyphPlace(columns, left, width, 0), y: 17 }),
    ...marks,
    bracket,
  ]);
}

/**
 * Returns the texts of the numbers of each row, in which decimals agree.
 *
 * @param {Best} best
 * @param {string} metric
 * @returns {{ mean: string[], sd: string[], n: string[], took: string[] }}
 */
export function bestTexts({ rows }, metric) {
  const [means, spreads] = [rows.map(({ mean }) => mean), rows.map(({ sd }) => sd)];
  const mean = metric === "took" ? secondsText : meanText(means, spreads);
  const sd = metric === "took" ? secondsText : spreadText(spreads);
  return {
    mean: means.map((it) => mean(it)),
    sd: spreads.map((it) => it === null ? "" : `± ${sd(it)}`),
    n: rows.map(({ n, planned }) =>
      planned === null || planned === n ? String(n) : `${n}/${planned}`
    ),
    took: rows.map(({ took }) => took === null ? "" : secondsText(took)),
  };
}

/**
 * @typedef {object} Column
 * @property {string} head
 * @property {readonly string[]} texts
 * @property {boolean} isNumber
 * @property {number} x
 * @property {number} width
 */

/**
 * Returns the columns with their places: duration at the right, and room for the intervals before it.
 *
 * @param {Best} best
 * @param {ReturnType<typeof bestTexts>} texts
 * @param {number} width
 * @returns {Column[]}
 */
function columnsOf({ params, rows }, texts, width) {
  const column = (
    /** @type {string} */ head,
    /** @type {readonly string[]} */ texts,
    /** @type {boolean} */ isNumber,
  ) => {
    const widths = [head, ...texts].map((it) => textWidth(it, { bold: true }));
    return { head, texts, isNumber, x: 0, width: Math.max(...widths) };
  };
  const values = params.map((name, p) =>
    column(name, rows.map(({ values }) => shortValue(values[p] ?? "")), false)
  );
  const numbers = Object.entries({
    mean: texts.mean,
    "± sd": texts.sd,
    n: texts.n,
    took: texts.took,
  })
    .filter(([, texts]) => texts.some((it) => it !== ""))
    .map(([head, texts]) => column(head, texts, true));
  const columns = [...values, ...numbers];
  // The glyph has a fifth at least. Wide params share the rest.
  const glyph = Math.max(width / 5, 110);
  let free = width - glyph - columns.length * GAP;
  for (const { width } of numbers) free -= width;
  [...values].sort((a, b) => a.width - b.width).forEach((value, i) => {
    value.width = Math.max(Math.min(value.width, free / (values.length - i)), 0);
    free -= value.width;
  });
  const spare = Math.max(free, 0) - (MAX_GLYPH - glyph);
  const gap = Math.min(GAP + Math.max(spare, 0) / columns.length, MAX_GAP);
  let x = 0;
  for (const it of columns) {
    it.x = isTook(it) ? width - it.width - 2 : x;
    x += it.width + gap;
  }
  return columns;
}

/** @param {Column} column @returns {boolean} */
function isTook({ head, isNumber }) {
  return isNumber && head === "took";
}

/** @param {readonly Column[]} columns @param {number} left @param {number} width @param {number} y */
function glyphPlace(columns, left, width, y) {
  const took = columns.find(isTook);
  const before = columns.findLast((it) => it !== took);
  const x = left + (before ? before.x + before.width + GAP : 0);
  const to = took ? left + took.x - GAP : width;
  return { x, y: y + ROW / 2, width: Math.max(to - x, 20) };
}

/**
 * Returns the params and values of each row in one line or, where a row has no room for that, in two.
 *
 * @param {Best} best
 * @param {ReturnType<typeof bestTexts>} texts
 * @param {number} width
 * @returns {string[][]}
 */
function stackedNames({ params, rows }, texts, width) {
  const joined = (/** @type {readonly string[]} */ parts) => parts.join(" · ");
  const named = rows.map(({ values }, i) => ({
    names: params.map((param, p) => `${param} ${shortValue(values[p] ?? "")}`),
    room: width - textWidth(texts.mean[i] ?? "", { bold: true }) - GAP,
  }));
  // All rows break after the same param.
  const count = named.reduce((count, { names, room }) => {
    while (count > 1 && textWidth(joined(names.slice(0, count))) > room) count--;
    return count;
  }, params.length);
  return named.map(({ names, room }) =>
    [names.slice(0, count), names.slice(count)].filter((parts) => parts.length > 0)
      .map((parts) => {
        const isLong = textWidth(joined(parts)) > room;
        return joined(isLong ? parts.map((it) => fitText(it, room / parts.length - 14)) : parts);
      })
  );
}

/**
 * Returns a row of a narrow picture: names, and below them the interval.
 *
 * @param {Best} best
 * @param {ReturnType<typeof bestTexts>} texts
 * @param {number} i
 * @param {readonly string[]} names
 * @param {{ x: number, y: number, width: number, height: number }} place
 * @param {readonly [number, number]} domain
 * @returns {string}
 */
function stacked(best, texts, i, names, { x, y, width, height }, domain) {
  const row = best.rows[i];
  if (row === undefined) return "";
  const side = [texts.sd[i] ?? "", `n ${texts.n[i] ?? ""}`].filter((it) => it !== "").join(" · ");
  const sideWidth = textWidth(side, { size: 11 });
  const bottom = y + height;
  return names.map((line, at) => label(line, { x, y: y + 17 + at * LINE })).join("") +
    label(texts.mean[i] ?? "", { x: x + width, y: y + 17, bold: true, anchor: "end" }) +
    label(side, { x: x + width, y: bottom - 10, size: 11, anchor: "end", fill: "dim" }) +
    intervalMarks(row, domain, {
      x,
      y: bottom - 14,
      width: Math.max(width - sideWidth - GAP, 40),
    });
}
