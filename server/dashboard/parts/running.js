import { secondsText } from "../../../figures/draw/numbers.js";
import { counted, countText, namedText } from "../format.js";
import { html } from "../preact.js";

/** The most runs that are drawn. */
const MAX_RUNS = 30;

/** Runs under way, with the time they have taken beside the usual. @param {{ model: import("../main.js").Model, act: import("../main.js").Act }} props */
export function Running({ model, act }) {
  const { view, now } = model;
  if (!view || view.running.length === 0) return null;
  const shown = view.running.slice(0, MAX_RUNS);
  const rest = Math.max(view.progress.running, view.running.length) - shown.length;
  return html`
    <section class="now" aria-labelledby="now-title">
      <div class="head"><h2 id="now-title">Running <span class="note">${countText(
        view.progress.running,
      )}</span></h2></div>
      <ul>
        ${shown.map(({ params, holder, key, since, usual_seconds: usual, slow }) => {
          const seconds = since === null ? null : Math.max((now - Date.parse(since)) / 1000, 0);
          const part = seconds === null || usual === null || usual === 0 ? null : seconds / usual;
          return html`
            <li key=${key}>
              <span class="params"><button type="button" class="link" onClick=${() =>
                act.openKey(key)}><bdi>${namedText(params)}</bdi></button></span>
              <span class="note" title=${holder}><bdi>${holder}</bdi></span>
              <span class="since">${seconds === null
                ? ""
                : secondsText(Math.round(seconds))}${usual === null
                ? ""
                : html`<span class="note"> of ≈ ${secondsText(usual)}</span>`}${slow && html`
                <b class="bad">slow</b>
              `}</span>
              ${part !== null &&
                html`<span class=${`took${slow ? " slow" : ""}`} aria-hidden="true">
                <span style=${`width:${Math.min(part, 1) * 100}%`}></span></span>`}
            </li>
          `;
        })}
      </ul>
      ${rest > 0 && html`<p class="note">and ${counted(rest, "run")} more</p>`}
    </section>
  `;
}
