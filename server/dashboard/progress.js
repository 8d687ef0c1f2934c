import { get } from "./api.js";
import { byId, setAttribute, setText } from "./dom.js";
import { agoText, countText, durationText, rateText } from "./format.js";

/** @type {string | null} */
let lastRun = null;

/** Draws progress. @returns {Promise<any>} the answer of the sidecar */
export async function drawProgress() {
  const progress = await get("/v1/progress");
  const { done, failed, running, rate_per_second: rate, mean_seconds: mean, grid } = progress;
  setText(byId("tile-done"), countText(done));
  setText(byId("tile-running"), countText(running));
  setText(byId("tile-failed"), countText(failed));
  setText(byId("tile-rate"), rateText(rate));
  setText(byId("tile-mean"), mean === null ? "–" : durationText(mean));
  lastRun = progress.last_run;
  drawAgo();

  const total = grid?.total ?? Math.max(done + failed + running, 1);
  const share = grid ? grid.done / Math.max(grid.total, 1) : 0;
  setText(byId("percent"), grid ? percentText(share) : countText(done));
  setText(
    byId("of"),
    grid ? `${countText(grid.done)} of ${countText(grid.total)} done` : "runs done",
  );
  setText(byId("left"), leftText(progress));
  setText(
    byId("grid-note"),
    grid?.inferred ? "of every combination of the values seen so far" : "",
  );
  const bar = byId("bar");
  setAttribute(bar, "aria-valuemax", total);
  setAttribute(bar, "aria-valuenow", grid?.done ?? done);
  setAttribute(
    bar,
    "aria-valuetext",
    `${byId("of").textContent}, ${running} running, ${failed} failed`,
  );
  setWidth(bar, ".done", (grid?.done ?? done) / total);
  setWidth(bar, ".running", running / total);
  setWidth(bar, ".failed", failed / total);
  document.title = grid ? `${percentText(share)} · stet` : `${countText(done)} · stet`;
  return progress;
}

/** Draws how long ago the last run ended. */
export function drawAgo() {
  setText(byId("tile-last"), lastRun === null ? "–" : agoText(lastRun, Date.now()));
}

/** Never 100% before all is done. @param {number} share @returns {string} */
function percentText(share) {
  if (share >= 1) return "100%";
  return `${Math.min(Math.floor(share * 1000) / 10, 99.9).toFixed(share < 0.1 ? 1 : 0)}%`;
}

/** @param {any} progress @returns {string} */
function leftText({ grid, failed }) {
  if (!grid) return "";
  if (grid.done >= grid.total) return "complete";
  if (grid.left_seconds === null) return failed > 0 ? "nothing runs" : "";
  return `about ${durationText(grid.left_seconds)} left`;
}

/** @param {HTMLElement} bar @param {string} part @param {number} share */
function setWidth(bar, part, share) {
  const element = /** @type {HTMLElement} */ (bar.querySelector(part));
  element.style.width = `${Math.min(share, 1) * 100}%`;
}
