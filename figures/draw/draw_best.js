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
      : columns.map(({ text, x, width, isNumber, bold }) =>
        label(text(i), {
          x: left + (isNumber ? x + width : x),
          y: y + 17,
          width,
          bold,
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
 * @property {(i: number) => string} text
 * @property {number} x
 * @property {number} width
 * @property {boolean} [isNumber]
 * @property {boolean} [bold]
 */

/**
 * @param {Best} best
 * @param {ReturnType<typeof bestTexts>} texts
 * @param {number} width
 * @returns {Column[]}
 */
function columnsOf(best, texts, width) {
  const wanted = (/** @type {readonly string[]} */ of) =>
    Math.max(...of.map((it) => textWidth(it, { bold: true })));
  const numbers = /** @type {const} */ ([
    ["mean", texts.mean],
    ["± sd", texts.sd],
    ["n", texts.n],
  ]).filter(([, of]) => of.some((it) => it !== ""));
  const hasTook = texts.took.some((it) => it !== "");
  const fixed = numbers.reduce((sum, [head, of]) => sum + wanted([head, ...of]) + GAP, 0) +
    (hasTook ? wanted(["took", ...texts.took]) + GAP : 0);
  const params = best.params.map((name, p) => ({
    name,
    texts: best.rows.map(({ values }) => shortValue(values[p] ?? "")),
  }));
  // The glyph has a fifth at least. Wide params share the rest.
  let free = width - fixed - Math.max(width / 5, 110) - params.length * GAP;
  /** @type {Map<string, number>} */
  const widths = new Map();
  const sorted = params.map((
    it,
  ) => /** @type {const} */ ([it.name, wanted([it.name, ...it.texts])]))
    .sort((a, b) => a[1] - b[1]);
  sorted.forEach(([name, size], i) => {
    const own = Math.max(Math.min(size, free / (sorted.length - i)), 0);
    widths.set(name, own);
    free -= own;
  });
  const gaps = params.length + numbers.length + 1;
  const spare = Math.max(free, 0) - (MAX_GLYPH - Math.max(width / 5, 110));
  const gap = Math.min(GAP + Math.max(spare, 0) / gaps, MAX_GAP);
  let x = 0;
  /** @type {Column[]} */
  const columns = [];
  for (const { name, texts } of params) {
    const own = widths.get(name) ?? 0;
    columns.push({ head: name, text: (i) => texts[i] ?? "", x, width: own });
    x += own + gap;
  }
  for (const [head, of] of numbers) {
    const own = wanted([head, ...of]);
    columns.push({
      head,
      text: (i) => of[i] ?? "",
      x,
      width: own,
      isNumber: true,
      bold: head === "mean",
    });
    x += own + gap;
  }
  if (hasTook) {
    const own = wanted(["took", ...texts.took]);
    columns.push({
      head: "took",
      text: (i) => texts.took[i] ?? "",
      x: width - own - 2,
      width: own,
      isNumber: true,
    });
  }
  return columns;
}

/** @param {readonly Column[]} columns @param {number} left @param {number} width @param {number} y */
function glyphPlace(columns, left, width, y) {
  const took = columns.find(({ head, isNumber }) => head === "took" && isNumber);
  const before = columns.filter((it) => it !== took).at(-1);
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
