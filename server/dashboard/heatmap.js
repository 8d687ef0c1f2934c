import { get } from "./api.js";
import { byId, h, setAttribute, setOptions, setText } from "./dom.js";
import { countText, durationText, numberText, tickText } from "./format.js";
import { colorOf } from "./scale.js";

const pickers = {
  color: /** @type {HTMLSelectElement} */ (byId("heat-color")),
  x: /** @type {HTMLSelectElement} */ (byId("heat-x")),
  y: /** @type {HTMLSelectElement} */ (byId("heat-y")),
};
const HINT = "Point at a cell for its figures; choose it for its runs.";
const map = byId("heat-map");
const readout = byId("heat-readout");

/** The figure drawn. @type {any} */
let drawn;
/** The cells by place: `x,y`. @type {Map<string, HTMLElement>} */
let cells = new Map();
/** The user's choice. @type {{ x?: string, y?: string, color?: string }} */
const chosen = {};
/** How many combinations are wanted, if that is known. @type {number | undefined} */
let wanted;
/** The cell of the readout. @type {HTMLElement | undefined} */
let told;

/**
 * @param {(where: string) => void} onPick Gets the condition of a cell that was chosen.
 * @param {() => void} redraw
 */
export function startHeatmap(onPick, redraw) {
  for (const [name, select] of Object.entries(pickers)) {
    select.addEventListener("change", () => {
      chosen[/** @type {"x" | "y" | "color"} */ (name)] = select.value;
      redraw();
    });
  }
  map.addEventListener("pointerover", (event) => tell(cellOf(event.target)));
  map.addEventListener("pointerleave", () => tell(undefined));
  map.addEventListener("focusin", (event) => tell(cellOf(event.target)));
  map.addEventListener("focusout", () => tell(undefined));
  map.addEventListener("click", (event) => pick(cellOf(event.target), onPick));
  map.addEventListener("keydown", (event) => onKey(event, onPick));
}

/** @param {number | undefined} total How many combinations are wanted */
export function setWanted(total) {
  wanted = total;
}

/** Draws the heat map of the columns that are there. @param {readonly any[]} columns */
export async function drawHeatmap(columns) {
  const { x, y, color } = choose(columns);
  if (x === undefined) {
    map.replaceChildren(h("p", { class: "none" }, "No params to draw yet."));
    drawn = undefined;
    return;
  }
  const heatmap = await get("/v1/heatmap", { x, y: y === x ? "" : y, color });
  const frame = JSON.stringify([heatmap.x, heatmap.y]);
  if (drawn?.frame !== frame) build(heatmap);
  drawn = { ...heatmap, frame, byPlace: new Map(), each: wantedEach(heatmap) };
  fill(heatmap);
  tell(told);
}

/** Returns the columns to draw: the user's choice, or defaults. @param {readonly any[]} columns */
function choose(columns) {
  const params = columns.filter(({ role }) => role === "param");
  const results = columns.filter(({ role, numbers, booleans }) =>
    role === "result" && numbers + booleans > 0
  );
  const has = (/** @type {string | undefined} */ name) => params.some((each) => each.name === name);
  // What varies, but not without end; repetitions last: they are what one averages over.
  const best = [...params].sort((a, b) => fitness(b) - fitness(a)).map(({ name }) => name);
  const x = has(chosen.x) ? chosen.x : best.find((name) => name !== chosen.y);
  const y = chosen.y === "" || has(chosen.y) ? chosen.y : best.find((name) => name !== x);
  const colors = [
    { value: "done", label: "done" },
    { value: "duration", label: "duration" },
    ...results.map(({ name }) => ({ value: name, label: name.replace(/^result\./, "") })),
  ];
  const color = colors.some(({ value }) => value === chosen.color)
    ? chosen.color
    : results[0]?.name ?? "done";
  const axes = params.map(({ name }) => ({ value: name, label: name }));
  setOptions(pickers.x, axes, x ?? "");
  setOptions(pickers.y, [...axes, { value: "", label: "(nothing)" }], y ?? "");
  setOptions(pickers.color, colors, color ?? "done");
  return { x, y, color };
}

/** @param {any} column @returns {number} */
function fitness({ name, distinct }) {
  if (distinct < 2) return -2;
  return (/seed|fold|repeat|trial|replicate|^_/i.test(name) ? -1 : 0) +
    (distinct <= 50 ? distinct / 50 : 0.1);
}

/** Makes the map anew, as its axes are others. @param {any} heatmap */
function build({ x, y }) {
  const rows = y?.parts ?? [{ label: "", where: null }];
  const grid = h("div", {
    class: y ? "cells" : "cells single",
    role: "grid",
    "aria-labelledby": "heat-title",
  });
  grid.style.setProperty("--columns", String(x.parts.length));
  cells = new Map();
  const longest = Math.max(...x.parts.map((/** @type {any} */ part) => tickOf(part).length));
  const isUpright = longest * 7 > Math.max(map.clientWidth - 90, 200) / x.parts.length;
  const every = Math.max(
    1,
    Math.ceil(x.parts.length * (isUpright ? 18 : 4) / (map.clientWidth || 600)),
  );

  // From below: numbers grow upwards, as on paper.
  const order = rows.map((/** @type {any} */ _, /** @type {number} */ i) => rows.length - 1 - i);
  for (const j of y && isNumeric(y) ? order : order.reverse()) {
    const line = h("div", { class: "line", role: "row" });
    line.append(h("div", { class: "y", role: "rowheader", title: rows[j].label }, tickOf(rows[j])));
    for (const i of x.parts.keys()) {
      const cell = h("div", {
        class: "cell",
        role: "gridcell",
        tabindex: "-1",
        "data-x": i,
        "data-y": j,
      });
      cells.set(`${i},${j}`, cell);
      line.append(cell);
    }
    grid.append(line);
  }
  const foot = h("div", { class: isUpright ? "line x upright" : "line x", role: "row" });
  foot.append(h("div", { class: "y corner", role: "presentation" }));
  for (const [i, part] of x.parts.entries()) {
    foot.append(
      h(
        "div",
        { role: "columnheader", title: part.label },
        h("span", {}, i % every === 0 ? tickOf(part) : ""),
      ),
    );
  }
  grid.append(foot);
  const first = grid.querySelector(".cell");
  if (first) setAttribute(first, "tabindex", "0");
  map.replaceChildren(
    h("div", { class: "axis down" }, y?.column ?? ""),
    grid,
    h("div", { class: "axis across" }, x.column),
  );
  told = undefined;
}

/** A part of an axis as it is written at its edge. @param {any} part @returns {string} */
function tickOf({ label, from }) {
  return from === undefined ? tickText(label) : numberText(from);
}

/** @param {any} axis @returns {boolean} */
function isNumeric({ parts }) {
  return parts.every((/** @type {any} */ { label }) => Number.isFinite(Number.parseFloat(label)));
}

/**
 * How many combinations each cell has, if every cell has as many: if no value is left out or in a range.
 *
 * @param {any} heatmap
 * @returns {number | undefined}
 */
function wantedEach({ x, y, cells: figures }) {
  const axes = [x, ...y ? [y] : []];
  const isPlain = axes.every(({ parts, left_out: { values } }) =>
    values === 0 &&
    parts.every((/** @type {any} */ { from, label }) => from === undefined && label !== "")
  );
  const each = (wanted ?? NaN) / axes.reduce((product, { parts }) => product * parts.length, 1);
  const isEnough = figures.every((/** @type {any} */ { count }) => count <= each);
  return isPlain && isEnough && Number.isInteger(each) ? each : undefined;
}

/** Colours the cells. @param {any} heatmap */
function fill({ cells: figures, color, x, y }) {
  const values = figures.flatMap((/** @type {any} */ { value }) => value === null ? [] : [value]);
  const isCount = color === "done";
  const most = isCount && drawn.each ? drawn.each : Math.max(...values);
  const least = isCount ? 0 : Math.min(...values);
  const seen = new Set();
  for (const figure of figures) {
    const place = `${figure.x},${figure.y}`;
    const cell = cells.get(place);
    if (!cell) continue;
    seen.add(place);
    drawn.byPlace.set(place, figure);
    const share = most > least ? (figure.value - least) / (most - least) : isCount ? 1 : 0.5;
    const fillColor = figure.value === null ? "" : colorOf(share);
    if (cell.style.backgroundColor !== fillColor) cell.style.backgroundColor = fillColor;
    setAttribute(cell, "aria-label", describe(cell));
  }
  for (const [place, cell] of cells) {
    if (seen.has(place)) continue;
    cell.style.backgroundColor = "";
    setAttribute(cell, "aria-label", describe(cell));
  }
  drawLegend(least, most, values.length, color);
  const out = [x, y].filter((axis) => axis?.left_out.values > 0)
    .map(({ column, left_out: { values } }) => `${countText(values)} rarer values of ${column}`);
  drawn.note = out.length > 0 ? `without ${out.join(" and ")}` : "";
}

/** @param {number} least @param {number} most @param {number} count @param {string} color */
function drawLegend(least, most, count, color) {
  const legend = byId("heat-legend");
  if (count === 0) return legend.replaceChildren();
  if (legend.childElementCount === 0) {
    const ramp = h("span", { class: "ramp" });
    const stops = Array.from({ length: 10 }, (_, i) => colorOf(i / 9));
    ramp.style.backgroundImage = `linear-gradient(to right, ${stops.join(", ")})`;
    legend.append(h("span", {}), ramp, h("span", {}));
  }
  setText(/** @type {Element} */ (legend.firstElementChild), figureText(least, color));
  setText(/** @type {Element} */ (legend.lastElementChild), figureText(most, color));
}

/** @param {number} value @param {string} color @returns {string} */
function figureText(value, color) {
  if (color === "duration") return durationText(value);
  return color === "done" ? countText(value) : numberText(value);
}

/** Returns the text of a cell. @param {HTMLElement} cell @returns {string} */
function describe(cell) {
  const { x, y, color, byPlace, each } = drawn;
  const i = Number(cell.dataset["x"]);
  const j = Number(cell.dataset["y"]);
  const place = [`${x.column} ${placeText(x.parts[i])}`];
  if (y) place.push(`${y.column} ${placeText(y.parts[j])}`);
  const figure = byPlace.get(`${i},${j}`);
  if (!figure) return `${place.join(", ")}: nothing`;
  const { value, count, least, most } = figure;
  if (color === "done") {
    const of = each ? ` of ${countText(each)}` : "";
    return `${place.join(", ")}: ${countText(value)}${of} done`;
  }
  if (value === null) return `${place.join(", ")}: no number`;
  const name = color === "duration" ? "duration" : color.replace(/^result\./, "");
  const of = count === 1
    ? ""
    : `, the mean of ${countText(count)} from ${figureText(least, color)} to ${
      figureText(most, color)
    }`;
  return `${place.join(", ")}: ${name} ${figureText(value, color)}${of}`;
}

/** @param {any} part @returns {string} */
function placeText({ label, from }) {
  return from === undefined ? `= ${label === "" ? "absent" : tickText(label)}` : `in ${label}`;
}

/** @param {HTMLElement | undefined} cell */
function tell(cell) {
  told = cell ?? (document.activeElement ? cellOf(document.activeElement) : undefined);
  setText(readout, told ? describe(told) : drawn?.note || HINT);
}

/** @param {EventTarget | null} target @returns {HTMLElement | undefined} */
function cellOf(target) {
  return target instanceof HTMLElement && target.classList.contains("cell") && map.contains(target)
    ? target
    : undefined;
}

/** @param {HTMLElement | undefined} cell @param {(where: string) => void} onPick */
function pick(cell, onPick) {
  if (!cell) return;
  const { x, y } = drawn;
  const wheres = [x.parts[Number(cell.dataset["x"])].where];
  if (y) wheres.push(y.parts[Number(cell.dataset["y"])].where);
  onPick(wheres.filter((where) => where !== null).join(" and "));
}

/** @param {KeyboardEvent} event @param {(where: string) => void} onPick */
function onKey(event, onPick) {
  const cell = cellOf(event.target);
  if (!cell) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    pick(cell, onPick);
    return;
  }
  const line = /** @type {HTMLElement} */ (cell.parentElement);
  const at = [...line.children].indexOf(cell);
  const lines = [...(line.parentElement?.children ?? [])];
  /** @type {Record<string, Element | null | undefined>} */
  const next = {
    ArrowRight: cell.nextElementSibling,
    ArrowLeft: cell.previousElementSibling,
    ArrowUp: lines[lines.indexOf(line) - 1]?.children[at],
    ArrowDown: lines[lines.indexOf(line) + 1]?.children[at],
    Home: line.children[1],
    End: line.lastElementChild,
  };
  if (!(event.key in next)) return;
  event.preventDefault();
  const to = cellOf(next[event.key] ?? null);
  if (!to) return;
  setAttribute(cell, "tabindex", "-1");
  setAttribute(to, "tabindex", "0");
  to.focus();
}
