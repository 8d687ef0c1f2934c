import { isReserved, isResult } from "../cells.js";
import { secondsText } from "../../../figures/draw/numbers.js";
import { agoText, counted, timeText } from "../format.js";
import { html } from "../preact.js";
import { Dialog } from "./dialog.js";
import { Toast } from "./toast.js";
import { Values } from "./values.js";

/**
 * One run: every value in full, its failure, log and result file, and what can be done with it.
 *
 * @param {{ model: import("../main.js").Model, act: import("../main.js").Act }} props
 */
export function Drawer({ model, act }) {
  const { run } = model;
  if (!run) return null;
  const { status, key, row, params, values, failure, running, files, matches } = run;
  return html`
    <${Dialog} id="run" title=${`Run: ${status}`} kind="drawer" onClose=${act.closeRun}>
      <div class="actions">
        <button type="button" onClick=${() => act.copy(jsonOf(values))}>Copy as JSON</button>
        <button type="button" onClick=${() =>
          act.copy(explainLine(model, params))}>Copy “stet explain”</button>
        ${row &&
          html`<button type="button" onClick=${() =>
            act.reset(act.idOf(row))}>Run again …</button>`}
        ${failure &&
          html`<button type="button" onClick=${() => act.retryRun(key)}>Retry …</button>`}
      </div>
      ${matches > 1 && html`<p class="note">The newest of ${counted(matches, "run")}.</p>`}
      ${running &&
        html`<p>Running${
          running.since
            ? ` since ${timeText(Date.parse(running.since) / 1000)}, for ${
              secondsText(Math.max(Math.round((model.now - Date.parse(running.since)) / 1000), 0))
            }`
            : ""
        }: <bdi>${running.holder}</bdi></p>`}
      ${failure && html`
        <h3 class="bad">Failed: ${counted(failure.attempt, "attempt")}, the last ${agoText(
          failure.time,
          model.now,
        )}${failure.host ? ` on ${failure.host}` : ""}</h3>
        <pre tabindex="0" role="group" aria-label="Error and stack">${failure.stack.includes(
            failure.error,
          )
          ? failure.stack
          : `${failure.error}\n${failure.stack}`}</pre>
      `}
      <${Values} values=${values} />
      ${files.map(({ title, file, name, size, text, isCut }) =>
        html`
          <h3>${title} <span class="note"><bdi>${name}</bdi>, ${counted(size, "byte")}${isCut
            ? ", in part"
            : ""}</span>
            ${" "}<button type="button" class="link" onClick=${() =>
              act.downloadFile(file, name)}>Download</button></h3>
          ${text !== null && text !== "" &&
            html`<pre tabindex="0" role="group" aria-label=${title}>${text}</pre>`}
        `
      )}
      <${Toast} text=${model.toast} />
    <//>
  `;
}

/** @param {import("../main.js").Run["values"]} values @returns {string} */
function jsonOf(values) {
  return `{\n${
    values.map(({ name, json }) => `  ${JSON.stringify(name)}: ${json}`).join(",\n")
  }\n}`;
}

/** @param {import("../main.js").Model} model @param {Readonly<Record<string, unknown>>} params @returns {string} */
function explainLine({ view }, params) {
  const pairs = Object.keys(params).filter((name) => !isResult(name) && !isReserved(name))
    .map((name) =>
      quoted(
        `${name}=${typeof params[name] === "string" ? params[name] : JSON.stringify(params[name])}`,
      )
    );
  return ["stet explain", quoted(view?.progress.location ?? ""), ...pairs].join(" ");
}

/** A word of a shell. @param {string} text @returns {string} */
function quoted(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
