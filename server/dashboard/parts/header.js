import { secondsText } from "../../../figures/draw/numbers.js";
import { doneRuns } from "../done_runs.js";
import { counted, countText, rateText, timeText } from "../format.js";
import { html } from "../preact.js";
import { Menu } from "./menu.js";

/** @typedef {import("../../../figures/view.ts").ViewProgress} ViewProgress */

/**
 * The line at the top: how far the work is, and the switches of the page.
 *
 * @param {{ model: import("../main.js").Model, act: import("../main.js").Act }} props
 */
export function Header({ model, act }) {
  const progress = model.view?.progress;
  const { live, isPaused, fresh } = model;
  const state = isPaused ? "paused" : LIVE[live];
  return html`
    <header class="top">
      <h1 title=${progress?.location}><bdi>${progress?.store ?? "stet"}</bdi></h1>
      ${progress
        ? html`<${Progress} progress=${progress} />`
        : html`<p class="line">Reading the store …</p>`}
      <div class="switches">
        ${isPaused && fresh > 0 && html`
          <button type="button" class="fresh" onClick=${act.refresh}>${counted(
            fresh,
            "new run",
          )}</button>
        `}
        <button type="button" class="live" data-state=${isPaused
          ? "paused"
          : live} aria-pressed=${isPaused}
          title="Pause (p)" onClick=${act.pause}>${state}</button>
        <button type="button" class="quiet" onClick=${act.copyLink}>Copy link</button>
        <${Menu} label="Download runs" symbol="⤓">
          ${["csv", "json", "parquet"].map((format) =>
            html`
              <button type="button" onClick=${() => act.downloadRuns(format)}>
                Runs as ${format === "parquet" ? "Parquet" : format.toUpperCase()}
              </button>
            `
          )}
        <//>
        <button type="button" class="quiet" aria-label="Keys and help" title="Keys and help (?)"
          onClick=${act.help}>?</button>
        <button type="button" class="quiet theme" data-shows=${model
          .theme} aria-label=${`Theme: ${model.theme}`}
          title=${`Theme: ${model.theme}`} onClick=${act.turnTheme}></button>
      </div>
    </header>
  `;
}

/** @type {Readonly<Record<import("../live.js").LiveState, string>>} */
const LIVE = {
  connecting: "connecting",
  live: "live",
  stale: "stale",
  lost: "disconnected",
  denied: "token needed",
};

/** @param {{ progress: ViewProgress }} props */
function Progress({ progress }) {
  const { done, others, other_failed, running, planned, reading } = progress;
  const failed = progress.failed - other_failed;
  const all = Math.max(planned ?? 0, done + failed + running, 1);
  const width = (/** @type {number} */ part) => `width:${part / all * 100}%`;
  const percent = Math.floor(done / all * 100);
  return html`
    ${(planned !== null || doneRuns(progress) + failed + running > 0) && html`
      <div class="bar" role="progressbar" aria-label="Runs done" aria-valuemin="0"
        aria-valuemax=${all}
        aria-valuenow=${done} aria-valuetext=${planned === null
          ? counted(done, "run")
          : `${percent} %`}>
        <span class="done" style=${width(done)}></span>
        <span class="failed" style=${width(failed)}></span>
        <span class="running" style=${width(running)}></span>
      </div>
    `}
    <p class="line">
      <b>${countText(done)}</b>${planned === null
        ? ""
        : ` of ${countText(planned)}`} done${failed > 0 &&
        html`<span> · </span><span class="bad">${countText(failed)} failed</span>`}${running > 0 &&
        ` · ${countText(running)} running`}${others + other_failed > 0 &&
        ` · ${counted(others + other_failed, "other run")}${
          other_failed > 0 ? `, ${countText(other_failed)} failed` : ""
        }`}${endText(progress)}${reading &&
        html`<span class="note"> · reading ${countText(reading.rows)}${
          reading.of === null ? "" : ` of ${countText(reading.of)}`
        }</span>`}
    </p>
    <p class="unseen" role="status">${planned
      ? `${Math.floor(percent / 10) * 10} % of the runs are done`
      : ""}</p>
  `;
}

/** @param {ViewProgress} progress @returns {string} */
function endText({ running, left_seconds, last_run }) {
  if (running > 0 && left_seconds !== null) {
    const end = timeText(Date.now() / 1000 + left_seconds);
    return ` · ≈ ${secondsText(left_seconds)} left (ends ${end})`;
  }
  if (running === 0 && last_run !== null) {
    return ` · ended ${timeText(Date.parse(last_run) / 1000)}`;
  }
  return "";
}

/** More numbers, while something runs. @param {{ progress: ViewProgress }} props */
export function Tiles({ progress }) {
  const { running, per_second, took_seconds, last_run, planned, planned_from } = progress;
  if (running === 0) return null;
  const count = doneRuns(progress);
  const tiles = [
    ["running", countText(running)],
    ["rate", rateText(per_second)],
    ["mean run", count > 0 ? secondsText(took_seconds / count) : "–"],
    ["last run", last_run === null ? "–" : timeText(Date.parse(last_run) / 1000)],
    ...planned === null ? [["planned", "unknown"]] : [],
    ...planned_from === "values" ? [["planned", "all combinations seen"]] : [],
  ];
  return html`
    <dl class="tiles">
      ${tiles.map(([name, value]) =>
        html`
          <div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>
        `
      )}
    </dl>
  `;
}
