import { counted, countText } from "../format.js";
import { html } from "../preact.js";

/** The most shards that are drawn. */
const MAX_SHARDS = 400;

/** The shards of a sweep: those that are done, under way, and waiting. @param {{ model: import("../main.js").Model }} props */
export function Shards({ model: { view } }) {
  if (!view?.shards) return null;
  const { planned, done, failed, running } = view.shards;
  const shards = planned.map((of, i) => {
    const [ended, bad, active] = [done[i] ?? 0, failed[i] ?? 0, running[i] ?? 0];
    const state = ended >= of ? "done" : active > 0 ? "active" : bad > 0 ? "failed" : "waiting";
    const text = [
      `${i}/${planned.length}: ${countText(ended)} of ${countText(of)} done`,
      bad > 0 ? `${countText(bad)} failed` : "",
      active > 0 ? `${countText(active)} running` : "",
    ].filter((part) => part !== "").join(", ");
    return { i, state, text, part: of === 0 ? 1 : ended / of };
  });
  const number = (/** @type {string} */ state) =>
    shards.filter((each) => each.state === state).length;
  // Of many, those that are done are left out first.
  const shown = shards.length <= MAX_SHARDS
    ? shards
    : shards.filter(({ state }) => state !== "done").slice(0, MAX_SHARDS);
  return html`
    <section class="shards" aria-labelledby="shards-title">
      <div class="head">
        <h2 id="shards-title">Shards</h2>
        <p class="note">${[
          `${countText(number("done"))} of ${countText(shards.length)} done`,
          number("active") > 0 && `${countText(number("active"))} at work`,
          number("failed") > 0 && `${countText(number("failed"))} with failures`,
          number("waiting") > 0 && `${countText(number("waiting"))} waiting`,
        ].filter(Boolean).join(" · ")}</p>
      </div>
      <ol>
        ${shown.map(({ i, state, text, part }) =>
          html`
            <li key=${i} data-state=${state}
              title=${text}><span class="unseen">${text}</span><span
              class="part" aria-hidden="true" style=${`width:${part * 100}%`}></span></li>
          `
        )}
      </ol>
      ${shown.length < shards.length &&
        html`<p class="note">${counted(shards.length - shown.length, "other")}</p>`}
    </section>
  `;
}
