import { doneRuns } from "../done_runs.js";
import { agoText, counted, countText, namedText } from "../format.js";
import { html, useState } from "../preact.js";
import { equals } from "../conditions.js";

/** The most groups that another figure is next to. */
const MAX_SHORT = 4;

/**
 * Failures in groups of one message, each with the params that concentrate it, its runs and their stacks.
 *
 * @param {{ model: import("../main.js").Model, act: import("../main.js").Act }} props
 */
export function Failures({ model, act }) {
  const { view } = model;
  if (!view || view.failures.length === 0) return null;
  const count = view.failures.reduce((sum, group) => sum + group.count, 0);
  const isAll = doneRuns(view.progress) === 0;
  return html`
    <section class=${`failures${
      view.failures.length > MAX_SHORT ? " long" : ""
    }`} aria-labelledby="failures-title">
      <div class="head">
        <h2 id="failures-title">Failures <span class="bad">${countText(count)}</span></h2>
        <div class="pickers">
          <button type="button" onClick=${() => act.retry(undefined, count)}>Retry all …</button>
          <button type="button" onClick=${() => act.forget(undefined, count)}>Forget all …</button>
        </div>
      </div>
      <ul class="groups">
        ${view.failures.map((group, i) =>
          html`
            <${Group} key=${group.kind} group=${group} act=${act} isOpen=${isAll && i === 0} />
          `
        )}
      </ul>
    </section>
  `;
}

/**
 * @param {{
 *   group: import("../../../figures/view.ts").FailureGroup,
 *   act: import("../main.js").Act,
 *   isOpen: boolean,
 * }} props
 */
function Group({ group, act, isOpen }) {
  const [isUnfolded, setUnfolded] = useState(isOpen);
  const { line, kind, count, first, last, concentrated, runs } = group;
  return html`
    <li>
      <details open=${isUnfolded} onToggle=${(
        /** @type {Event & { currentTarget: HTMLDetailsElement }} */ event,
      ) => setUnfolded(event.currentTarget.open)}>
        <summary>
          <b class="count">${countText(count)}</b>
          <span class="why" title=${kind}><bdi>${line}</bdi></span>
          <time datetime=${last} title=${`first ${first}, last ${last}`}>${agoText(
            last,
            Date.now(),
          )}</time>
        </summary>
        <div class="actions">
          <button type="button" onClick=${() => act.retry(group, count)}>Retry ${counted(
            count,
            "run",
          )} …</button>
          <button type="button" onClick=${() => act.forget(group, count)}>Forget …</button>
        </div>
        <ol class="failed-runs">
          ${runs.map((run) =>
            html`
              <li>
                <details>
                  <summary>
                    <span class="params"><bdi>${namedText(run.params)}</bdi></span>
                    <span class="note">${run.attempt > 1
                      ? counted(run.attempt, "attempt")
                      : ""}</span>
                    <time datetime=${run.time}>${agoText(run.time, Date.now())}</time>
                  </summary>
                  <pre tabindex="0" aria-label="Error and stack">${run.stack}</pre>
                  <button type="button" onClick=${() =>
                    act.openKey(run.key)}>Log and details</button>
                </details>
              </li>
            `
          )}
        </ol>
        ${count > runs.length &&
          html`<p class="note">and ${countText(count - runs.length)} more</p>`}
      </details>
      ${concentrated.length > 0 && html`
        <p class="where-from">${concentrated.map(({ name, value, count: some, of }, i) =>
          html`
            <button type="button" class="link" title="Filter by this value"
              onClick=${() =>
                act.addFilter(equals(name, jsonOf(value)))}><bdi>${name} = ${value}</bdi></button>
            <span class="note">${` in ${some === of ? "all" : `${countText(some)} of`} ${
              countText(of)
            }`}${i < concentrated.length - 1 ? ", " : ""}</span>
          `
        )}</p>
      `}
    </li>
  `;
}

/** A value that people read, as JSON. @param {string} text @returns {unknown} */
function jsonOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
