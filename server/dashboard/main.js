import { get, hasToken, Lost, post, Problem, setToken, takeToken } from "./api.js";
import { changed, readChoices, searchOf, viewQuery } from "./choices.js";
import { joinedParts, partsOf, withoutPart, withParts } from "./conditions.js";
import { saveAnswer } from "./download.js";
import { counted } from "./format.js";
import { startLive } from "./live.js";
import { loader } from "./loader.js";
import { Page } from "./page.js";
import { html, render } from "./preact.js";
import { namespaceCondition, rowCondition } from "./row_condition.js";

/** The pause between two views of a store that is being read, in milliseconds. */
const READING_PAUSE_MS = 300;

/**
 * @typedef {import("../../figures/view.ts").View} View
 * @typedef {Readonly<Record<string, any>>} Row A row as JSON.
 * @typedef {import("./choices.js").Choices} Choices
 * @typedef {"done" | "failed" | "running"} State
 * @typedef {{
 *   rows: readonly Row[],
 *   states: readonly State[],
 *   keys: readonly string[],
 *   columns: readonly string[],
 *   total: number,
 *   counts: Readonly<Record<State, number>>,
 * }} Table A page of runs. `counts` are of the runs that fulfil the condition, in any state.
 * @typedef {{
 *   status: State,
 *   key: string,
 *   params: Row,
 *   row: Row | null,
 *   values: readonly (import("./parts/values.js").RunValue & { json: string })[],
 *   matches: number,
 *   failure: { error: string, stack: string, attempt: number, time: string, host: string } | null,
 *   running: { holder: string, since: string | null } | null,
 *   files: readonly { file: string, title: string, name: string, size: number, text: string | null, isCut: boolean }[],
 * }} Run
 * @typedef {ReturnType<typeof createActions>} Act
 * @typedef {{
 *   choices: Choices,
 *   view: View | undefined,
 *   table: Table | undefined,
 *   cluster: { workers: readonly any[], queues: readonly any[] } | undefined,
 *   problem: string | null,
 *   whereError: string | null,
 *   live: import("./live.js").LiveState,
 *   isPaused: boolean,
 *   fresh: number,
 *   sort: string,
 *   pageSize: number,
 *   row: number,
 *   run: Run | undefined,
 *   selected: Map<string, Row>,
 *   isComparing: boolean,
 *   isHelping: boolean,
 *   confirming: { title: string, text: string, button: string, problem?: string, run: () => Promise<{ text: string }> } | undefined,
 *   tokenProblem: string | null,
 *   theme: string,
 *   toast: string,
 *   now: number,
 * }} Model The state of the page; everything is drawn from it.
 */

const PAGE_SIZE = 25;
/** The part of a log or a result file that is shown. */
const MAX_FILE_BYTES = 65_536;
/** The choices that only the table depends on. */
const TABLE_NAMES = /** @type {const} */ (["status", "sort", "page"]);
const THEMES = ["auto", "light", "dark"];

/** @type {Model} */
const model = {
  choices: readChoices(location.search),
  view: undefined,
  table: undefined,
  cluster: undefined,
  problem: null,
  whereError: null,
  live: "connecting",
  isPaused: false,
  fresh: 0,
  sort: "",
  pageSize: PAGE_SIZE,
  row: -1,
  run: undefined,
  selected: new Map(),
  isComparing: false,
  isHelping: false,
  confirming: undefined,
  tokenProblem: null,
  theme: localStorage.getItem("stet-theme") ?? "auto",
  toast: "",
  now: Date.now(),
};

takeToken();
const act = createActions();
const root = /** @type {HTMLElement} */ (document.getElementById("page"));
let isFirst = true;

function draw() {
  if (isFirst) root.replaceChildren();
  isFirst = false;
  const focused = root.contains(document.activeElement) ? document.activeElement : null;
  const nearest = focused?.closest("header") ? ".live" : ".filter .chip button, #where";
  render(html`<${Page} model=${model} act=${act} />`, root);
  if (focused && !root.contains(document.activeElement)) {
    // What had the focus is gone: a filter has changed, or a switch.
    /** @type {NodeListOf<HTMLElement>} */
    const places = root.querySelectorAll(nearest);
    (places[places.length - 2] ?? places[0])?.focus();
  }
}

/** @param {Partial<Model>} changes */
function update(changes) {
  Object.assign(model, changes);
  draw();
}

/** The counts of the last tick, and those of the last tick before the view was drawn. @type {{ total: number, failed: number } | undefined} */
let tick;
/** @type {typeof tick} */
let drawnTick;
let tickText = "";

const view = loader(
  (signal) => get("/v1/view", viewQuery(model.choices), signal),
  (/** @type {View} */ loaded) => {
    const { progress } = loaded;
    drawnTick = tick;
    update({
      view: loaded,
      whereError: null,
      problem: progress.problem,
      fresh: 0,
      now: Date.now(),
    });
    document.title = titleOf(progress);
    performance.mark("stet-drawn");
    if (model.run?.status === "running") run.soon();
    // A page of runs would wait for all rows.
    if (progress.reading) view.soon(READING_PAUSE_MS);
    else table.now();
  },
  (error) => onError(error, view),
);

const table = loader(
  (signal) => {
    const { choices } = model;
    model.sort = choices.sort ?? defaultSort();
    return get("/v1/runs", {
      where: whereOf(choices),
      status: choices.status ?? "all",
      sort: model.sort === "" ? undefined : JSON.stringify([model.sort]),
      limit: PAGE_SIZE,
      offset: Number(choices.page ?? "0") * PAGE_SIZE,
    }, signal);
  },
  (loaded) => {
    if (loaded.rows.length === 0 && loaded.total > 0) {
      return act.choose({ page: String(Math.floor((loaded.total - 1) / PAGE_SIZE)) }, true);
    }
    update({ table: loaded, ...solved() });
  },
  (error) => {
    const { choices } = model;
    if (error instanceof Problem && error.status === 400 && TABLE_NAMES.some((it) => choices[it])) {
      toast(error.message); // an address that somebody wrote
      act.choose({ status: "", sort: "", page: "" }, true);
    } else onError(error, table);
  },
);

const run = loader(
  async (signal) => {
    const found = await get("/v1/run", runQuery(model.choices), signal);
    const files = [];
    for (
      const [file, info]
        of /** @type {const} */ ([["log", found.log], ["result", found.result_file]])
    ) {
      if (!info) continue;
      const title = file === "log" ? "Log" : "Result file";
      const query = {
        ...runQuery(model.choices),
        file,
        offset: file === "log" ? -MAX_FILE_BYTES : 0,
      };
      const { text } = await get("/v1/run/file", { ...query, limit: MAX_FILE_BYTES }, signal);
      files.push({ file, title, ...info, text, isCut: info.size > MAX_FILE_BYTES });
    }
    return { ...found, files };
  },
  (found) => update({ run: found }),
  (error) => {
    if (error instanceof Problem && error.status !== 401) {
      toast(error.message);
      act.choose({ run: "" }, true);
    } else onError(error, run);
  },
);

const workers = loader(
  (signal) => get("/v1/workers", {}, signal),
  (cluster) => update({ cluster, ...solved() }),
  onError,
);

const live = startLive((_, data) => {
  const text = JSON.stringify(data);
  if (text === tickText) return; // a sign of life
  tickText = text;
  if (typeof data.total === "number") {
    tick = data;
    drawnTick ??= data;
  }
  if (data.problem !== undefined) update({ problem: data.problem });
  if (!model.isPaused) view.soon();
  else if (tick && drawnTick) {
    update({ fresh: Math.max(tick.total + tick.failed - drawnTick.total - drawnTick.failed, 0) });
  }
}, (state, error) => {
  update({ live: state });
  if (state === "denied") askForToken(error);
  if (state !== "live") return;
  if (!model.isPaused) view.soon();
  if (model.choices.run && !model.run) run.soon();
});

draw();
view.now();
workers.now();
if (model.choices.run) run.now();
globalThis.addEventListener("popstate", () => show(readChoices(location.search)));
document.addEventListener("keydown", onKey);
setInterval(() => {
  if (document.hidden) return;
  // Only a database has workers, and they may come at any time.
  if (/^postgres/i.test(model.view?.progress.location ?? "")) workers.soon();
  if (model.isPaused) return;
  if (model.view && model.view.progress.running > 0) view.soon(); // rates fall while nothing ends
  update({ now: Date.now() });
}, 5000);

/** Draws other choices. @param {Choices} choices */
function show(choices) {
  const before = model.choices;
  update({ choices, row: -1 });
  if (searchOf(viewQuery(before)) !== searchOf(viewQuery(choices))) view.now();
  else if (TABLE_NAMES.some((name) => before[name] !== choices[name])) table.now();
  if (before.run !== choices.run) {
    if (choices.run) return run.now();
    run.stop();
    update({ run: undefined });
  }
}

/** @param {View["progress"]} progress @returns {string} */
function titleOf({ store, done, planned }) {
  return planned ? `${Math.floor(done / planned * 100)} % · ${store}` : store;
}

/** The best first; the newest where no result is a number. @returns {string} */
function defaultSort() {
  const { metric, better } = model.view?.choices ?? {};
  if (!metric) return model.view?.progress.last_run ? "-_stet_timestamp" : "";
  const name = metric.name === "took" ? "_stet_elapsed" : metric.name;
  return better === "higher" ? `-${name}` : name;
}

/** The condition of the table. @param {Choices} choices @returns {string | undefined} */
function whereOf({ where, namespace }) {
  const { choices } = model.view ?? {};
  const own = choices && choices.namespaces.length > 0
    ? [namespaceCondition(namespace ?? choices.namespace ?? "")]
    : [];
  const parts = [...partsOf(where ?? ""), ...own];
  return parts.length === 0 ? undefined : joinedParts(parts);
}

/** Returns the run in the address: a condition, or the text of a key after `key:`. @param {Choices} choices */
function runQuery({ run = "" }) {
  return run.startsWith("key:") ? { key: run.slice("key:".length) } : { where: run };
}

/** The problem that is left once a request was answered. */
function solved() {
  return { problem: model.view?.progress.problem ?? null };
}

/** @param {unknown} error @param {{ soon(): void }} [failed] The loader whose request failed. */
function onError(error, failed) {
  if (error instanceof Problem && error.status === 401) askForToken(error);
  else if (error instanceof Problem && error.status === 400 && model.choices.where) {
    update({ whereError: error.message });
  } else if (error instanceof Problem) update({ problem: error.message });
  else if (!(error instanceof Lost)) throw error;
  else if (model.live === "live") failed?.soon(); // without events, all is loaded once they are back
}

/** @param {unknown} error */
function askForToken(error) {
  if (model.tokenProblem !== null) return;
  const reason = error instanceof Error ? error.message : "";
  update({ tokenProblem: hasToken() ? `${reason} The one that was given is another.` : "" });
}

function createActions() {
  return {
    /** Changes choices; each is a step that Back undoes. @param {Choices} changes @param {boolean} [isReplacing] */
    choose(changes, isReplacing = false) {
      const choices = changed(model.choices, changes);
      const url = location.pathname + searchOf(choices);
      if (isReplacing) history.replaceState(null, "", url);
      else history.pushState(null, "", url);
      show(choices);
    },
    /** @param {string} where */
    addFilter(where) {
      act.choose({ where: withParts(model.choices.where ?? "", where) });
    },
    refresh() {
      view.now();
    },
    pause() {
      update({ isPaused: !model.isPaused });
      if (!model.isPaused) view.now();
      else if (model.view) view.stop();
    },
    /** @param {string} text */
    async copy(text) {
      await navigator.clipboard.writeText(text);
      toast("Copied");
    },
    copyLink() {
      return act.copy(location.href);
    },
    turnTheme() {
      const theme = THEMES[(THEMES.indexOf(model.theme) + 1) % THEMES.length] ?? "auto";
      localStorage.setItem("stet-theme", theme);
      if (theme === "auto") delete document.documentElement.dataset["theme"];
      else document.documentElement.dataset["theme"] = theme;
      update({ theme });
    },
    help() {
      update({ isHelping: true });
    },
    closeHelp() {
      update({ isHelping: false });
    },
    /** @param {string} format */
    async downloadRuns(format) {
      const name = (model.view?.progress.store ?? "runs").replace(/\.\w+$/, "");
      await saved(`/v1/runs.${format}`, { where: whereOf(model.choices) }, `${name}.${format}`);
    },
    /** @param {number} step */
    turnPage(step) {
      act.choose({ page: String(Math.max(Number(model.choices.page ?? "0") + step, 0)) });
    },
    /** The condition that only this run fulfils. @param {Row} row @returns {string} */
    idOf(row) {
      return rowCondition(row, model.table?.columns ?? Object.keys(row));
    },
    /** @param {number} index */
    openRow(index) {
      const row = model.table?.rows[index];
      if (!row) return;
      model.row = index;
      // Of a large number in an array, the page has only the digits.
      const key = model.table?.keys[index];
      const hasParts = Object.values(row).some((it) => typeof it === "object" && it !== null);
      if (hasParts && key !== undefined) act.openKey(key);
      else act.openRun(act.idOf(row));
    },
    /** @param {string} where */
    openRun(where) {
      act.choose({ run: where });
    },
    /** @param {string} key */
    openKey(key) {
      act.choose({ run: `key:${key}` });
    },
    /** Saves a file of the open run. @param {string} file @param {string} name */
    downloadFile(file, name) {
      return saved("/v1/run/file", { ...runQuery(model.choices), file, download: "true" }, name);
    },
    closeRun() {
      act.choose({ run: "" });
    },
    /** @param {Row} row */
    select(row) {
      const id = act.idOf(row);
      const selected = new Map(model.selected);
      if (!selected.delete(id)) selected.set(id, row);
      update({ selected });
    },
    clearSelection() {
      update({ selected: new Map() });
    },
    compare() {
      update({ isComparing: true });
    },
    closeCompare() {
      update({ isComparing: false });
    },
    /** @param {string} token */
    giveToken(token) {
      setToken(token);
      update({ tokenProblem: null });
      live.join();
      view.now();
      workers.now();
      if (model.choices.run) run.now();
    },
    /** @param {import("../../figures/view.ts").FailureGroup | undefined} group @param {number} count */
    retry(group, count) {
      confirm({
        title: "Retry",
        text: `${counted(count, "failed run")} will be run again by the next sweep.`,
        button: `Retry ${counted(count, "run")}`,
        run: () => post("/v1/failures/retry", { ...failuresOf(group), expected: count }),
      });
    },
    /** @param {string} key */
    retryRun(key) {
      confirm({
        title: "Retry",
        text: "This run will be run again by the next sweep.",
        button: "Retry 1 run",
        run: () => post("/v1/failures/retry", { keys: [key], expected: 1 }),
      });
    },
    /** @param {import("../../figures/view.ts").FailureGroup | undefined} group @param {number} count */
    forget(group, count) {
      confirm({
        title: "Forget",
        text: `${counted(count, "failure")} will be forgotten: their runs count as never run.`,
        button: `Forget ${counted(count, "failure")}`,
        run: () => post("/v1/failures/forget", { ...failuresOf(group), expected: count }),
      });
    },
    /** Removes runs, so that the next sweep runs them again. @param {string} where */
    async reset(where) {
      const found = await unlessRefused(() => get("/v1/reset", { where }));
      if (!found) return;
      const { rows, failures, count } = found;
      confirm({
        title: "Run again",
        text: `${counted(rows, "row")}${
          failures > 0 ? ` and ${counted(failures, "failure")}` : ""
        } will be removed from the store, so that the next sweep runs them again.`,
        button: `Remove ${counted(rows, "row")}`,
        run: () => post("/v1/reset", { where, expected: count }),
      });
    },
    /** Removes the runs of the table. */
    resetFiltered() {
      return act.reset(whereOf(model.choices) ?? "");
    },
    closeConfirm() {
      update({ confirming: undefined });
    },
    async confirm() {
      const { confirming } = model;
      if (!confirming) return;
      try {
        const { text } = await confirming.run();
        update({ confirming: undefined });
        if (model.choices.run) act.choose({ run: "" }, true); // it is another now
        toast(text);
        view.now();
      } catch (error) {
        if (!(error instanceof Problem || error instanceof Lost)) throw error;
        update({ confirming: { ...confirming, problem: error.message } });
      }
    },
  };
}

/** The failures of an action; without a group, those that the filter lets through. @param {import("../../figures/view.ts").FailureGroup | undefined} group */
function failuresOf(group) {
  const where = whereOf(model.choices);
  if (where !== undefined) return { where, ...group && { group: group.kind } };
  return group ? { group: group.kind } : { all: true };
}

/** Saves an answer as a file, or says why there is none. @param {string} path @param {Record<string, string | undefined>} query @param {string} name */
async function saved(path, query, name) {
  await unlessRefused(() => saveAnswer(path, query, name));
}

/** Returns an answer, or says why there is none. @template T @param {() => Promise<T>} ask @returns {Promise<T | undefined>} */
async function unlessRefused(ask) {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof Problem || error instanceof Lost)) throw error;
    toast(error.message);
  }
}

/** Asks before something is changed. @param {NonNullable<Model["confirming"]>} confirming */
function confirm(confirming) {
  update({ confirming });
}

/** @param {string} text */
function toast(text) {
  update({ toast: text });
  setTimeout(() => {
    if (model.toast === text) update({ toast: "" });
  }, Math.max(4000, text.length * 80)); // some name a command to type
}

/** The keys of the page. Fields and figures have their own. @param {KeyboardEvent} event */
function onKey(event) {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (document.querySelector("dialog[open]")) return;
  const element = target instanceof Element ? target : document.body;
  const isField = element.matches("input:not([type=checkbox]), select, textarea");
  if (key === "Escape") {
    const parts = partsOf(model.choices.where ?? "");
    if (parts.length > 0) {
      act.choose({ where: withoutPart(model.choices.where ?? "", parts.length - 1) });
    }
    return;
  }
  if (isField) return;
  const isButton = element.matches("button, a, summary, input");
  if (key === "p" || key === " " && !isButton) act.pause();
  else if (key === "/") document.getElementById("where")?.focus();
  else if (key === "m") document.getElementById("metric")?.focus();
  else if (key === "?") act.help();
  else if (key === "j" || key === "k") {
    const last = (model.table?.rows.length ?? 0) - 1;
    const row = Math.min(Math.max(model.row + (key === "j" ? 1 : -1), 0), last);
    update({ row });
    /** @type {HTMLElement | null} */ (document.querySelector(`[data-row="${row}"]`))?.focus();
  } else return;
  event.preventDefault();
}
