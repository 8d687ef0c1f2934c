import { get, Problem } from "./api.js";
import { byId, h, setAttribute, setText } from "./dom.js";
import { countText, durationText, numberText, timeText, valueText } from "./format.js";

/** How many rows are on one page. */
const SIZE = 25;
const NEWEST = "-_stet_timestamp";
/** The names of stet's own columns. @type {Readonly<Record<string, string>>} */
const NAMES = { _stet_timestamp: "ended", _stet_elapsed: "took", _stet_namespace: "namespace" };

const where = /** @type {HTMLInputElement} */ (byId("where"));
const clear = /** @type {HTMLButtonElement} */ (byId("where-clear"));
const error = byId("where-error");
const head = /** @type {HTMLElement} */ (byId("table").querySelector("thead tr"));
const body = /** @type {HTMLElement} */ (byId("table").querySelector("tbody"));
const buttons = ["first", "previous", "next", "last"].map((
  id,
) => /** @type {HTMLButtonElement} */ (byId(id)));

const state = { where: "", sort: "", offset: 0, total: 0 };
/** @type {(isUrgent?: boolean) => void} */
let redraw = () => {};
let drawnColumns = "";

/** @param {(isUrgent?: boolean) => void} refresh */
export function startRuns(refresh) {
  redraw = refresh;
  byId("filter").addEventListener("submit", (event) => {
    event.preventDefault();
    filter(where.value);
  });
  clear.addEventListener("click", () => filter(""));
  where.addEventListener("keydown", (event) => {
    if (event.key === "Escape") filter("");
  });
  const [first, previous, next, last] = buttons;
  first?.addEventListener("click", () => go(0));
  previous?.addEventListener("click", () => go(state.offset - SIZE));
  next?.addEventListener("click", () => go(state.offset + SIZE));
  last?.addEventListener("click", () => go(Math.floor((state.total - 1) / SIZE) * SIZE));
}

/** Shows the rows that fulfil a condition. @param {string} text */
export function filter(text) {
  where.value = text;
  state.where = text.trim();
  state.offset = 0;
  redraw(true);
}

/** @param {number} offset */
function go(offset) {
  state.offset = Math.max(offset, 0);
  redraw(true);
}

/** Draws the page of the table. @param {readonly any[]} columns */
export async function drawRuns(columns) {
  const hasTimes = columns.some(({ name }) => name === "_stet_timestamp");
  const sort = state.sort === "" && hasTimes ? NEWEST : state.sort;
  const asked = { where: state.where, sort, offset: state.offset };
  let page;
  try {
    page = await get("/v1/runs", { ...asked, limit: SIZE });
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status !== 400) throw problem;
    setText(error, problem.message);
    setAttribute(where, "aria-invalid", "true");
    return;
  }
  setText(error, "\u00a0");
  setAttribute(where, "aria-invalid", false);
  clear.disabled = state.where === "";
  state.total = page.total;
  if (state.offset > 0 && page.rows.length === 0) return go(0);
  drawHead(columns, sort);
  drawBody(columns, page.rows);
  const last = state.offset + page.rows.length;
  const of = state.where === "" ? "" : " that match";
  setText(
    byId("range"),
    page.total === 0
      ? `no rows${of}`
      : `${countText(state.offset + 1)}–${countText(last)} of ${countText(page.total)}${of}`,
  );
  for (const [i, button] of buttons.entries()) {
    button.disabled = i < 2 ? state.offset === 0 : last >= page.total;
  }
}

/** @param {readonly any[]} columns @param {string} sort */
function drawHead(columns, sort) {
  const names = JSON.stringify(columns.map((column) => [column.name, isNumeric(column)]));
  if (names !== drawnColumns) {
    drawnColumns = names;
    setAttribute(where, "placeholder", exampleOf(columns));
    body.replaceChildren();
    head.replaceChildren(
      ...columns.map((column) => {
        const { name, role } = column;
        const isResult = name.startsWith("result.");
        const button = h(
          "button",
          { type: "button", title: name },
          NAMES[name] ?? (isResult ? name.slice("result.".length) : name),
        );
        button.addEventListener("click", () => sortBy(name));
        return h(
          "th",
          { scope: "col", class: `${role}${isNumeric(column) ? " number" : ""}` },
          button,
        );
      }),
    );
  }
  for (const [i, { name }] of columns.entries()) {
    const cell = head.children[i];
    const order = sort === name ? "ascending" : sort === `-${name}` ? "descending" : undefined;
    if (cell) setAttribute(cell, "aria-sort", order);
  }
}

/** A condition with columns of this store. @param {readonly any[]} columns @returns {string} */
function exampleOf(columns) {
  const number = columns.find(({ role, numbers }) => role !== "detail" && numbers > 0)?.name;
  const text = columns.find(({ role, texts }) => role === "param" && texts > 0)?.name;
  const parts = [...number ? [`${number} > 0.5`] : [], ...text ? [`${text} = 'a'`] : []];
  return parts.length > 0 ? parts.join(" and ") : "seed is absent";
}

/** Up, down, and as the store has them. @param {string} name */
function sortBy(name) {
  const shown = state.sort === "" ? NEWEST : state.sort;
  state.sort = shown === name ? `-${name}` : shown === `-${name}` && shown !== NEWEST ? "" : name;
  state.offset = 0;
  redraw(true);
}

/** Changes the cells that are others; rows stay where they are. @param {readonly any[]} columns @param {readonly any[]} rows */
function drawBody(columns, rows) {
  while (body.children.length > rows.length) body.lastElementChild?.remove();
  for (const [i, row] of rows.entries()) {
    let line = body.children[i];
    if (!line) {
      line = h("tr", {}, ...columns.map(() => h("td")));
      body.append(line);
    }
    for (const [j, column] of columns.entries()) {
      const { name } = column;
      const cell = line.children[j];
      if (!cell) continue;
      const value = row[name];
      const { text, full = text } = cellText(name, value);
      setText(cell, text);
      setAttribute(cell, "title", full === text && text.length < 24 ? undefined : full);
      setAttribute(
        cell,
        "class",
        typeof value === "number" || name === "_stet_timestamp" ? "number" : undefined,
      );
    }
  }
}

/** True if most of a column is numbers, or text that shows as numbers. @param {any} column @returns {boolean} */
function isNumeric({ name, numbers, texts }) {
  return numbers > texts || name === "_stet_timestamp";
}

/** @param {string} name @param {unknown} value @returns {{ text: string, full?: string }} */
function cellText(name, value) {
  const full = valueText(value);
  if (name === "_stet_timestamp" && typeof value === "string" && !Number.isNaN(Date.parse(value))) {
    return { text: timeText(Date.parse(value) / 1000), full };
  }
  if (typeof value !== "number") return { text: full };
  if (name === "_stet_elapsed") return { text: durationText(value), full };
  return { text: numberText(value), full };
}
