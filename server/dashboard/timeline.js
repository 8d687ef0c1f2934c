import { get } from "./api.js";
import { byId, setText, svg } from "./dom.js";
import { countText, durationText, numberText, timeText } from "./format.js";

const WIDTH = 600;
const HEIGHT = 150;
const chart = byId("time-chart");
const span = /** @type {HTMLSelectElement} */ (byId("time-span"));
const readout = byId("time-readout");

/** The figure drawn. @type {{ start: number | null, bucket_seconds: number, done: number[], failed: number[] }} */
let drawn = { start: null, bucket_seconds: 1, done: [], failed: [] };
/** The bar that the readout tells of. @type {number | undefined} */
let told;

/** @param {() => void} redraw */
export function startTimeline(redraw) {
  span.addEventListener("change", redraw);
  chart.tabIndex = 0;
  chart.setAttribute("role", "img");
  chart.addEventListener("pointermove", (event) => {
    const { left, width } = chart.getBoundingClientRect();
    tell(Math.floor((event.clientX - left) / width * drawn.done.length));
  });
  chart.addEventListener("pointerleave", () => tell(undefined));
  chart.addEventListener("blur", () => tell(undefined));
  chart.addEventListener("keydown", (event) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const from = told ?? (step > 0 ? -1 : drawn.done.length);
    tell(Math.min(Math.max(from + step, 0), drawn.done.length - 1));
  });
}

/** Draws how many runs ended when. */
export async function drawTimeline() {
  drawn = await get("/v1/timeline", { seconds: span.value });
  const { start, bucket_seconds: size, done, failed } = drawn;
  const sums = done.map((count, i) => count + (failed[i] ?? 0));
  const most = Math.max(1, ...sums);
  const width = WIDTH / Math.max(done.length, 1);
  const scale = (/** @type {number} */ count) => count / most * (HEIGHT - 4);
  const gap = Math.min(width * 0.15, 2);
  const bars = done.flatMap((count, i) => {
    const bar = (
      /** @type {string} */ name,
      /** @type {number} */ below,
      /** @type {number} */ of,
    ) =>
      of === 0 ? [] : [svg("rect", {
        class: name,
        x: i * width + gap / 2,
        width: Math.max(width - gap, 0.5),
        y: HEIGHT - scale(below + of),
        height: Math.max(scale(of), 1.5),
      })];
    return [...bar("done", 0, count), ...bar("failed", count, failed[i] ?? 0)];
  });
  const cursor = svg("rect", { class: "cursor", y: 0, height: HEIGHT, width, x: -width });
  chart.replaceChildren(
    svg(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
      svg("line", {
        class: "rule",
        x1: 0,
        x2: WIDTH,
        y1: HEIGHT - scale(most / 2),
        y2: HEIGHT - scale(most / 2),
      }),
      cursor,
      ...bars,
    ),
    label("most", start === null ? "" : `${numberText(most)} in ${durationText(size)}`),
    label("from", start === null ? "" : timeText(start)),
    label(
      "to",
      start === null ? "no run ended in this time" : timeText(start + size * done.length),
    ),
  );
  const all = sums.reduce((sum, count) => sum + count, 0);
  chart.setAttribute(
    "aria-label",
    `${countText(all)} ${all === 1 ? "run" : "runs"}, ${countText(most)} at most in ${
      durationText(size)
    }`,
  );
  tell(told);
}

/** @param {string} name @param {string} text @returns {HTMLElement} */
function label(name, text) {
  const element = document.createElement("span");
  element.className = `label ${name}`;
  element.textContent = text;
  return element;
}

/** @param {number | undefined} bar */
function tell(bar) {
  told = bar !== undefined && bar >= 0 && bar < drawn.done.length ? bar : undefined;
  const cursor = chart.querySelector(".cursor");
  const width = WIDTH / Math.max(drawn.done.length, 1);
  cursor?.setAttribute("x", String(told === undefined ? -width : told * width));
  if (told === undefined || drawn.start === null) return setText(readout, "\u00a0");
  const from = drawn.start + told * drawn.bucket_seconds;
  const failed = drawn.failed[told] ?? 0;
  setText(
    readout,
    `${timeText(from)}: ${countText(drawn.done[told] ?? 0)} done` +
      (failed > 0 ? `, ${countText(failed)} failed` : "") +
      ` in ${durationText(drawn.bucket_seconds)}`,
  );
}
