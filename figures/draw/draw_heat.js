/** Heat map of two params, or of three as small multiples. @module */
import { color, HEAT_STEPS } from "./colors.js";
import {
  choosable,
  coordinate,
  element,
  escapeXml,
  hatching,
  label,
  picture,
  title,
} from "./svg.js";
import { columnText, partLabels, percentText, secondsText } from "./numbers.js";
import { fitText, textWidth, wrapText } from "./text.js";

/** @typedef {import("../view.ts").Heat} Heat */
/** @typedef {import("./svg.js").DrawOptions} DrawOptions */

/** A cell holds its number from this size on. */
const MIN_NUMBER_WIDTH = 34;
const MIN_NUMBER_HEIGHT = 14;
const MIN_PANEL = 170;
const MAX_CELL = 120;
const MAX_CELL_HEIGHT = 26;
const MAX_PANELS = 12;
const GAP = 18;
/** A picture with more cells has one path for each colour, and no titles. */
const MAX_STILL_CELLS = 500;

/**
 * Draws a heat map. Colours are ranks; the best cell is framed, a corner is cut where runs failed, cells
 * without a number are hatched, and a dot is where runs are under way.
 *
 * @param {Heat} heat
 * @param {DrawOptions} options
 * @returns {string}
 */
export function drawHeat(heat, options) {
  const { width } = options;
  const id = options.id ?? "heat";
  const panels = Math.min(heat.z?.parts.length ?? 1, MAX_PANELS);
  const layout = layoutOf(heat, width, panels);
  const { across } = layout;
  const all = marksOf(heat, options, layout);
  const content = [hatching(`${id}-hatch`, { size: 6, stroke: "axis", thick: 0.8 })];
  for (let z = 0; z < panels; z++) {
    const x = z % across * (layout.width + GAP);
    const y = Math.floor(z / across) * (layout.height + GAP);
    const marks = heat.z === null ? all : all.filter((it) => it.z === z);
    content.push(element(
      "g",
      { transform: `translate(${coordinate(x)} ${coordinate(y)})` },
      [
        heat.z === null ? "" : label(`${heat.z.label} = ${partLabels(heat.z)[z] ?? ""}`, {
          x: layout.left,
          y: 14,
          width: layout.width,
          bold: true,
        }),
        axesOf(heat, layout, z % across === 0),
        cellsOf(heat, options, layout, marks, id),
      ].join(""),
    ));
  }
  const rows = Math.ceil(panels / across);
  const height = rows * layout.height + (rows - 1) * GAP;
  const y = heat.y === null ? "" : ` and ${heat.y.label}`;
  const name = `${heatTitle(heat, options.metric)} by ${heat.x.label}${y}`;
  return picture({ ...options, width: Math.max(width, 1) }, height, name, content);
}

/**
 * Returns the words of a heat map's number: `loss`, `median of loss`, `number of runs`.
 *
 * @param {Heat} heat
 * @param {string} metric
 * @returns {string}
 */
export function heatTitle({ agg }, metric) {
  if (agg === "mean") return metric;
  if (agg === "n") return "runs";
  if (agg === "took") return "mean duration";
  if (agg === "done") return "share done";
  return `${agg} of ${metric}`;
}

/**
 * Returns the writer of a heat map's numbers.
 *
 * @param {Heat} heat
 * @param {string} metric
 * @returns {(number: number) => string}
 */
export function heatText({ agg, cells }, metric) {
  if (agg === "done") return percentText;
  if (agg === "took" || agg !== "n" && metric === "took") return secondsText;
  return columnText(cells.value);
}

/**
 * Returns the colour of each cell: its rank among all, worst 0; -1 without a number.
 *
 * @param {Heat} heat
 * @returns {number[]}
 */
export function heatSteps({ cells, lower }) {
  const sorted = [...new Set(cells.value.filter((it) => it !== null && Number.isFinite(it)))]
    .map(Number).sort((a, b) => lower ? b - a : a - b);
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const value of cells.value) {
    if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const total = sorted.reduce((sum, value) => sum + (counts.get(value) ?? 0), 0);
  /** @type {Map<number, number>} */
  const steps = new Map();
  let before = 0;
  for (const value of sorted) {
    const count = counts.get(value) ?? 0;
    const share = total === count ? 0.5 : before / (total - count);
    steps.set(value, Math.min(Math.floor(share * HEAT_STEPS), HEAT_STEPS - 1));
    before += count;
  }
  return cells.value.map((value) => value === null ? -1 : steps.get(value) ?? -1);
}

/**
 * @typedef {object} Layout
 * @property {number} across the number of panels in a row
 * @property {number} left
 * @property {number} top
 * @property {number} cellWidth
 * @property {number} cellHeight
 * @property {number} height of the panel
 * @property {number} width of all cells
 * @property {string[]} xs labels
 * @property {string[]} ys labels
 * @property {"lines" | "turned" | "some"} xStyle
 * @property {number} every the distance of labels that are shown
 * @property {number} xRoom height of the labels
 * @property {boolean} isAbove true if the title of the rows is above their labels
 */

/** @param {Heat} heat @param {number} width @param {number} panels @returns {Layout} */
function layoutOf(heat, width, panels) {
  const xs = partLabels(heat.x);
  const ys = heat.y === null ? [] : partLabels(heat.y);
  const rows = Math.max(ys.length, 1);
  const yName = textWidth(heat.y?.label ?? "", { bold: true });
  // A title that is longer than the rows are high is above their labels, instead of turned.
  const isAbove = yName > rows * MAX_CELL_HEIGHT;
  const top = heat.z === null && !isAbove ? 2 : 22;
  const yTitle = heat.y === null || isAbove ? 0 : 16;
  const yRoom = Math.min(
    Math.max(0, ...ys.map((it) => textWidth(it, { size: 11 }))) + 8,
    width * 0.3,
  );
  const left = heat.y === null
    ? 0
    : Math.max(yTitle + yRoom, isAbove ? Math.min(yName + 16, width * 0.3) : 0);
  const columns = Math.max(xs.length, 1);
  // The panels of a row share the labels on the left.
  const across = Math.max(
    1,
    Math.min(panels, Math.floor((width - left + GAP) / (MIN_PANEL + GAP))),
  );
  const cellWidth = Math.min(((width - left + GAP) / across - GAP) / columns, MAX_CELL);
  const cellHeight = Math.max(Math.min(MAX_CELL_HEIGHT, 460 / rows), Math.min(14, cellWidth));
  const widest = Math.max(0, ...xs.map((it) => textWidth(it, { size: 11 })));
  const isText = heat.x.kind === "texts";
  const xStyle = widest + 4 <= cellWidth || isText && cellWidth >= 64
    ? "lines"
    : isText
    ? "turned"
    : "some";
  const every = xStyle === "some"
    ? Math.ceil((widest + 10) / cellWidth)
    : xStyle === "turned"
    ? Math.ceil(13 / cellWidth)
    : 1;
  const lines = xStyle === "lines" ? linesOf(xs, cellWidth) : 1;
  const xRoom = xStyle === "turned" ? Math.min(widest, 110) + 4 : lines * 13 + 3;
  return {
    across,
    left,
    top,
    cellWidth,
    cellHeight,
    width: cellWidth * columns,
    height: top + rows * cellHeight + xRoom + 20,
    xs,
    ys,
    xStyle,
    every,
    xRoom,
    isAbove,
  };
}

/** @param {readonly string[]} xs @param {number} cellWidth @returns {number} */
function linesOf(xs, cellWidth) {
  return Math.max(1, ...xs.map((it) => wrapText(it, cellWidth - 6, 3, { size: 11 }).length));
}

/** @param {Heat} heat @param {Layout} layout @param {boolean} hasY @returns {string} */
function axesOf(heat, layout, hasY) {
  const { left, top, cellWidth, cellHeight, xs, ys, xStyle, every, xRoom, isAbove, width } = layout;
  const bottom = top + Math.max(ys.length, 1) * cellHeight;
  const everyY = Math.ceil(12 / cellHeight);
  const parts = ys.map((text, y) =>
    hasY && y % everyY === 0
      ? label(text, {
        x: left - 6,
        y: bottom - (y + 0.5) * cellHeight + 4,
        width: left - (isAbove ? 6 : 22),
        size: 11,
        anchor: "end",
        fill: "dim",
      })
      : ""
  );
  xs.forEach((text, x) => {
    if (x % every !== 0) return;
    const middle = left + (x + 0.5) * cellWidth;
    if (xStyle === "turned") {
      parts.push(label(text, {
        x: middle + 4,
        y: bottom + 4,
        width: xRoom - 4,
        size: 11,
        anchor: "end",
        fill: "dim",
        turned: true,
      }));
      return;
    }
    const lines = xStyle === "lines"
      ? wrapText(text, cellWidth - 6, 3, { size: 11 })
      : [fitText(text, Math.min(every * cellWidth, width), { size: 11 })];
    // A label at an edge stays within the picture.
    const half = Math.max(...lines.map((it) => textWidth(it, { size: 11 })), 0) / 2;
    const from = heat.z === null ? 0 : Math.max(left - GAP / 2, 0);
    const at = Math.max(
      Math.min(middle, Math.max(left + width, from + 2 * half) - half),
      from + half,
    );
    lines.forEach((line, i) =>
      parts.push(label(line, {
        x: at,
        y: bottom + 13 + 13 * i,
        size: 11,
        anchor: "middle",
        fill: "dim",
      }))
    );
  });
  parts.push(label(heat.x.label, {
    x: left + width / 2,
    y: bottom + xRoom + 15,
    width,
    bold: true,
    anchor: "middle",
  }));
  if (heat.y !== null && hasY) {
    parts.push(label(
      heat.y.label,
      isAbove ? { x: left - 14, y: 14, width: left - 14, bold: true, anchor: "end" } : {
        x: 11,
        y: (top + bottom) / 2,
        width: bottom - top,
        bold: true,
        anchor: "middle",
        turned: true,
      },
    ));
  }
  return parts.join("");
}

/**
 * @typedef {object} Mark
 * @property {number} i
 * @property {number} x left edge
 * @property {number} y upper edge
 * @property {number} z panel
 * @property {number} step
 * @property {string} text
 */

/**
 * @param {Heat} heat
 * @param {DrawOptions} options
 * @param {Layout} layout
 * @returns {Mark[]}
 */
function marksOf(heat, { metric }, { left, top, cellWidth, cellHeight, ys }) {
  const steps = heatSteps(heat);
  const text = heatText(heat, metric);
  const rows = Math.max(ys.length, 1);
  return heat.cells.value.map((value, i) => ({
    i,
    x: left + (heat.cells.x[i] ?? 0) * cellWidth,
    y: top + (rows - 1 - (heat.y === null ? 0 : heat.cells.y[i] ?? 0)) * cellHeight,
    z: heat.cells.z[i] ?? 0,
    step: steps[i] ?? -1,
    text: value === null || !Number.isFinite(value) ? "" : text(value),
  }));
}

/**
 * @param {Heat} heat
 * @param {DrawOptions} options
 * @param {Layout} layout
 * @param {readonly Mark[]} marks
 * @param {string} id
 * @returns {string}
 */
function cellsOf(heat, options, layout, marks, id) {
  const { cellWidth, cellHeight } = layout;
  const gap = Math.min(cellWidth, cellHeight) >= 8 ? 1.5 : 0;
  const [width, height] = [cellWidth - gap, cellHeight - gap];
  const isMerged = options.still && heat.cells.value.length > MAX_STILL_CELLS;
  const widest = Math.max(0, ...marks.map(({ text }) => textWidth(text, { size: 11 })));
  const hasNumbers = !isMerged && cellWidth >= MIN_NUMBER_WIDTH &&
    cellHeight >= MIN_NUMBER_HEIGHT &&
    widest <= cellWidth - 3;
  const first = Math.max(heat.best, 0);
  const drawn = isMerged ? mergedCells(marks, width, height, id) : marks.map((mark) => {
    const { i, x, y, step, text } = mark;
    const rect = element("rect", {
      x,
      y,
      width,
      height,
      rx: gap === 0 ? undefined : 2,
      fill: step < 0 ? `url(#${id}-hatch)` : color(`heat-${step}`),
      stroke: color(step < 0 ? "grid" : "cell"),
    });
    const number = hasNumbers && text !== ""
      ? element("text", {
        x: x + width / 2,
        y: y + height / 2 + 4,
        "font-size": 11,
        "text-anchor": "middle",
        fill: color(`heat-ink-${step}`),
        "pointer-events": "none",
      }, escapeXml(text))
      : "";
    const isFirst = i === first;
    return element(
      "g",
      choosable(options, "cell", i, { isFirst }),
      title(cellWords(heat, options, i, text)) + rect + number + signsOf(heat, mark, width, height),
    );
  }).join("");
  const best = marks.find(({ i }) => i === heat.best);
  return drawn + (isMerged ? marks.map((it) => signsOf(heat, it, width, height)).join("") : "") +
    (best === undefined ? "" : frame(best, width, height));
}

/** @param {Mark} mark @param {number} width @param {number} height @returns {string} */
function frame({ x, y }, width, height) {
  const box = { x: x - 0.5, y: y - 0.5, width: width + 1, height: height + 1, fill: "none", rx: 2 };
  return [["paper", 4.5], ["ink", 2]].map(([name, thick]) =>
    element("rect", {
      ...box,
      stroke: color(String(name)),
      "stroke-width": thick,
      "pointer-events": "none",
    })
  ).join("");
}

/** @param {readonly Mark[]} marks @param {number} width @param {number} height @param {string} id @returns {string} */
function mergedCells(marks, width, height, id) {
  /** @type {Map<number, string>} */
  const paths = new Map();
  const [w, h] = [coordinate(width), coordinate(height)];
  for (const { x, y, step } of marks) {
    paths.set(step, `${paths.get(step) ?? ""}M${coordinate(x)} ${coordinate(y)}h${w}v${h}h-${w}z`);
  }
  return [...paths].map(([step, d]) =>
    element("path", { d, fill: step < 0 ? `url(#${id}-hatch)` : color(`heat-${step}`) })
  ).join("");
}

/**
 * Returns the corner of a cell with failures, and the dot of one with runs under way.
 *
 * @param {Heat} heat
 * @param {Mark} mark
 * @param {number} width
 * @param {number} height
 * @returns {string}
 */
function signsOf(heat, { i, x, y }, width, height) {
  const size = Math.max(Math.min(8, width / 2, height / 2), 2);
  const failed = (heat.cells.failed[i] ?? 0) > 0
    ? element("path", {
      d: `M${coordinate(x + width)} ${coordinate(y)}v${coordinate(size)}l-${coordinate(size)} -${
        coordinate(size)
      }z`,
      fill: color("failed"),
      stroke: color("paper"),
      "stroke-width": 1,
    })
    : "";
  const running = (heat.cells.running[i] ?? 0) > 0
    ? element("circle", {
      cx: x + Math.max(size * 0.75, 2),
      cy: y + Math.max(size * 0.75, 2),
      r: Math.max(size * 0.45, 1),
      fill: color("running"),
      stroke: color("paper"),
      "stroke-width": 1,
    })
    : "";
  return failed + running;
}

/**
 * Returns the words of a cell: `lr 0.006, batch 16: 0.249, 50 runs, 2 failed`.
 *
 * @param {Heat} heat
 * @param {DrawOptions} options
 * @param {number} i
 * @param {string} text
 * @returns {string}
 */
function cellWords(heat, options, i, text) {
  const { cells } = heat;
  const names = [[heat.x, cells.x], [heat.y, cells.y], [heat.z, cells.z]].flatMap(([axis, at]) => {
    const its = /** @type {import("../view.ts").ViewAxis | null} */ (axis);
    const part = its?.parts[/** @type {readonly number[]} */ (at)[i] ?? -1];
    return its === null || part === undefined ? [] : [`${its.label} ${part.label}`];
  });
  const counts = [
    text === "" ? "no number yet" : `${heatTitle(heat, options.metric)} ${text}`,
    count(cells.n[i], "run"),
    count(cells.failed[i], "failed"),
    count(cells.running[i], "running"),
    i === heat.best ? "the best" : "",
  ];
  return `${names.join(", ")}: ${counts.filter((it) => it !== "").join(", ")}`;
}

/** @param {number | undefined} number @param {string} word @returns {string} */
function count(number, word) {
  if (!number) return "";
  return word === "run" && number !== 1 ? `${number} runs` : `${number} ${word}`;
}
