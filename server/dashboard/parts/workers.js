import { agoText, countText } from "../format.js";
import { html } from "../preact.js";

/** Workers of a cluster, and how many runs wait for them. @param {{ model: import("../main.js").Model }} props */
export function Workers({ model: { cluster, now } }) {
  if (!cluster || cluster.workers.length + cluster.queues.length === 0) return null;
  const sum = (/** @type {"waiting" | "active"} */ name) =>
    cluster.queues.reduce((all, each) => all + each[name], 0);
  return html`
    <section class="workers" aria-labelledby="workers-title">
      <div class="head">
        <h2 id="workers-title">Workers</h2>
        <p class="note">${countText(sum("waiting"))} runs wait, ${countText(
          sum("active"),
        )} are with workers</p>
      </div>
      <ul>
        ${cluster.workers.slice(0, 50).map((
          { host, pid, label, since, state, ran, failed, perSecond },
        ) =>
          html`
            <li>
              <span class="params">${host}, process ${pid}: ${label}</span>
              <span class="note">${state}, began ${agoText(since, now)}: ${countText(
                ran,
              )} ran${failed === 0 ? "" : `, ${countText(failed)} failed`}${state === "working"
                ? `, ${perSecond.toFixed(1)}/s`
                : ""}</span>
            </li>
          `
        )}
      </ul>
    </section>
  `;
}
