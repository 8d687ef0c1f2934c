import { get, hasToken, listen, Lost, Problem, setToken, takeToken } from "./api.js";
import { byId, setAttribute, setText } from "./dom.js";
import { setOrder } from "./format.js";
import { drawHeatmap, setWanted, startHeatmap } from "./heatmap.js";
import { drawFailures, drawRunning, drawSlowest, drawTimes, drawWorkers } from "./lists.js";
import { drawAgo, drawProgress } from "./progress.js";
import { refresher } from "./refresher.js";
import { drawRuns, filter, startRuns } from "./runs.js";
import { drawTimeline, startTimeline } from "./timeline.js";

/** The store's columns in the last answer. @type {readonly any[]} */
let columns = [];
/** The number of rows in the first progress, and in the first event. @type {{ rows?: number, total?: number | undefined }} */
const told = {};
/** Which figures were drawn once. @type {Set<string>} */
const drawn = new Set();

const progress = refresher(async () => {
  const { rows, store, grid } = await drawProgress();
  setWanted(grid?.total);
  setText(byId("store"), store.split(/[\\/]/).at(-1));
  setAttribute(byId("store"), "title", store);
  byId("empty").hidden = rows > 0;
  for (const section of document.querySelectorAll("[data-needs-rows]")) {
    setAttribute(section, "hidden", rows === 0 ? "" : undefined);
  }
  told.rows = rows;
  catchUp();
  drawn.add("progress");
  markDrawn();
}, onError);
const heatmap = refresher(() => drawHeatmap(columns), onError);
const runs = refresher(() => drawRuns(columns), onError);
const table = refresher(async () => {
  ({ columns } = await get("/v1/kinds"));
  setOrder(columns.map(({ name }) => name));
  await Promise.all([drawHeatmap(columns), drawRuns(columns)]);
  drawn.add("table");
  markDrawn();
}, onError);
const timeline = refresher(drawTimeline, onError);
const slowest = refresher(drawSlowest, onError);
const failures = refresher(drawFailures, onError);
const workers = refresher(drawWorkers, onError);

takeToken();
startHeatmap((where) => {
  filter(where);
  byId("runs").scrollIntoView({ behavior: "smooth", block: "start" });
}, () => heatmap(true));
startTimeline(() => timeline(true));
startRuns(runs);
startAsking();
drawAll(true);
listen(onEvent, onState);
setInterval(() => {
  drawAgo();
  drawTimes();
  progress(); // its rate falls while nothing happens
  workers();
}, 5000);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) drawAll();
});

/** @param {boolean} [isUrgent] */
function drawAll(isUrgent = false) {
  for (const draw of [progress, table, timeline, slowest, failures, workers]) draw(isUrgent);
}

/** Marks the arrival of the first figures, for measurements. */
function markDrawn() {
  const name = "stet-drawn";
  if (drawn.size === 2 && performance.getEntriesByName(name).length === 0) performance.mark(name);
}

/** @param {string} name @param {any} data */
function onEvent(name, data) {
  switch (name) {
    case "runs":
      for (const draw of [progress, table, timeline, slowest]) draw();
      break;
    case "running":
      drawRunning(data);
      progress();
      break;
    case "failures":
      for (const draw of [failures, progress, timeline]) draw();
      break;
    case "problem":
      showProblem(data.detail);
      if (data.detail === null) drawAll();
      break;
    case "start":
      told.total = data.total;
      catchUp();
      break;
    case "reset":
      drawAll();
  }
}

/** Draws the rows between the first figures and the first event. */
function catchUp() {
  if (told.rows !== undefined && told.total !== undefined && told.rows !== told.total) drawAll();
  if (told.rows !== undefined) told.total = undefined;
}

/** @param {"live" | "lost"} state @param {unknown} [error] */
function onState(state, error) {
  const isAsked = error instanceof Problem && error.status === 401;
  const shown = state === "live" ? "live" : isAsked ? "token needed" : "disconnected";
  setAttribute(byId("live"), "data-state", state);
  setText(byId("live"), shown);
  if (isAsked) ask(error.message);
  else if (state === "lost") {
    showProblem("The sidecar cannot be reached. What is shown may be old.");
  } else showProblem(null);
}

/** @param {unknown} error */
function onError(error) {
  if (error instanceof Problem && error.status === 401) ask(error.message);
  else if (error instanceof Problem) showProblem(error.message);
  else if (!(error instanceof Lost)) throw error; // the events tell that
}

/** @param {string | null} text */
function showProblem(text) {
  const banner = byId("problem");
  setText(banner, text ?? "");
  banner.hidden = text === null;
}

/** @param {string} reason */
function ask(reason) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("ask"));
  if (dialog.open) return;
  setText(
    byId("ask-error"),
    hasToken() ? `${reason} The one that was given is another.` : "\u00a0",
  );
  dialog.showModal();
}

function startAsking() {
  const dialog = /** @type {HTMLDialogElement} */ (byId("ask"));
  const field = /** @type {HTMLInputElement} */ (byId("token"));
  byId("ask-form").addEventListener("submit", () => {
    setToken(field.value);
    field.value = "";
    drawAll(true);
  });
  // Nothing can be shown without it.
  dialog.addEventListener("cancel", (event) => event.preventDefault());
}
