import { get } from "./api.js";
import { byId, h, setText } from "./dom.js";
import { agoText, countText, durationText, paramsText, valueText } from "./format.js";

/** The most entries of a list that are drawn. */
const MOST = 50;

/** Draws the runs that took longest. */
export async function drawSlowest() {
  const { rows } = await get("/v1/slowest", { limit: 8 });
  const longest = rows[0] ? secondsOf(rows[0]) : 1;
  byId("slow-list").replaceChildren(
    ...rows.map((/** @type {any} */ row) => {
      const bar = h("span", { class: "share" });
      bar.style.width = `${secondsOf(row) / Math.max(longest, 1e-9) * 100}%`;
      const params = Object.fromEntries(
        Object.entries(row).filter(([name]) =>
          !/^(?:_stet_|result(?:\.|$))|^custom_data$/.test(name)
        ),
      );
      return h(
        "li",
        {},
        paramsOf(params),
        h("span", { class: "figure" }, durationText(secondsOf(row))),
        bar,
      );
    }),
    ...rows.length === 0 ? [h("li", { class: "none" }, "No row says how long it took.")] : [],
  );
}

/** Params as they are shown in a list. @param {Readonly<Record<string, unknown>>} params */
function paramsOf(params) {
  const title = paramsText(params, valueText);
  return h("span", { class: "params", title }, paramsText(params));
}

/** @param {any} row @returns {number} */
function secondsOf(row) {
  return Number(row["_stet_elapsed"] ?? row["custom_data"]?.["elapsed_seconds"]);
}

/** Draws the runs under way. @param {{ running: number, claims: readonly any[] }} data */
export function drawRunning({ running, claims }) {
  setText(byId("now-count"), running === 0 ? "" : countText(running));
  const shown = claims.slice(0, MOST);
  byId("now-list").replaceChildren(
    ...shown.map(({ params, holder }) => {
      return h(
        "li",
        {},
        paramsOf(params),
        h("span", { class: "who", title: holder }, holder),
      );
    }),
    ...more(running - shown.length),
    ...running === 0 ? [h("li", { class: "none" }, "Nothing is claimed.")] : [],
  );
}

/** Draws the workers of a cluster, and how many runs wait for them. */
export async function drawWorkers() {
  const { workers: all, queues } = await get("/v1/workers");
  const workers = all.filter((/** @type {any} */ { state }) => state !== "ended");
  byId("workers").hidden = workers.length === 0 && queues.length === 0;
  const waiting = queues.reduce(
    (/** @type {number} */ sum, /** @type {any} */ q) => sum + q.waiting,
    0,
  );
  const active = queues.reduce(
    (/** @type {number} */ sum, /** @type {any} */ q) => sum + q.active,
    0,
  );
  setText(byId("workers-note"), `${countText(waiting)} wait, ${countText(active)} with workers`);
  byId("workers-list").replaceChildren(
    ...workers.slice(0, MOST).map((/** @type {any} */ worker) => {
      const { host, pid, label, since, state, ran, failed, perSecond } = worker;
      const failures = failed === 0 ? "" : `, ${countText(failed)} failed`;
      const rate = state === "working" ? `, ${perSecond.toFixed(1)}/s` : "";
      return h(
        "li",
        {},
        h("span", { class: "params", title: since }, `${host}, process ${pid}: ${label}`),
        h(
          "span",
          { class: "who" },
          `${state}, began ${agoText(since, Date.now())}: ${countText(ran)} ran${failures}${rate}`,
        ),
      );
    }),
    ...more(workers.length - MOST),
  );
}

/** The failures drawn. */
let failuresText = "";

/** Draws the runs that failed, the newest first; unfolded ones stay so. */
export async function drawFailures() {
  const { failures } = await get("/v1/failures");
  setText(byId("failures-count"), failures.length === 0 ? "" : countText(failures.length));
  const shown = failures.toReversed().slice(0, MOST);
  const text = JSON.stringify(shown);
  const list = byId("failures-list");
  if (text === failuresText) return drawTimes();
  failuresText = text;
  const open = new Set(
    [...list.querySelectorAll("details[open]")].map((each) => each.getAttribute("data-key")),
  );
  const focused = document.activeElement?.closest("details")?.getAttribute("data-key");
  list.replaceChildren(
    ...shown.map(failureOf),
    ...more(failures.length - shown.length),
    ...failures.length === 0 ? [h("p", { class: "none" }, "No run has failed.")] : [],
  );
  for (const details of list.querySelectorAll("details")) {
    const key = details.getAttribute("data-key");
    if (open.has(key)) details.open = true;
    if (key === focused) details.querySelector("summary")?.focus();
  }
}

/** @param {any} failure @returns {HTMLElement} */
function failureOf({ params, error, stack, attempt, time, host }) {
  const [line = ""] = error.split("\n");
  const details = [
    attempt === 1 ? "1 attempt" : `${countText(attempt)} attempts`,
    ...host === "" ? [] : [`on ${host}`],
  ];
  return h(
    "details",
    { "data-key": JSON.stringify(params) },
    h(
      "summary",
      {},
      paramsOf(params),
      h("time", { datetime: time }, agoText(time, Date.now())),
      h("span", { class: "why" }, line),
    ),
    h("p", { class: "note" }, `${details.join(" ")}, the last ${time}`),
    h(
      "pre",
      { tabindex: "0", "aria-label": "Error and stack" },
      stack === "" ? error : stackText(error, stack),
    ),
  );
}

/** Most stacks say the error first. @param {string} error @param {string} stack @returns {string} */
function stackText(error, stack) {
  return stack.includes(error) ? stack : `${error}\n${stack}`;
}

/** Draws how long ago runs failed. */
export function drawTimes() {
  for (const element of byId("failures-list").querySelectorAll("time")) {
    setText(element, agoText(element.dateTime, Date.now()));
  }
}

/** @param {number} count @returns {HTMLElement[]} */
function more(count) {
  return count > 0 ? [h("li", { class: "none" }, `and ${countText(count)} more`)] : [];
}
