import { isReserved, isResult } from "../cells.js";
import { html } from "../preact.js";
import { Dialog } from "./dialog.js";
import { Values } from "./values.js";

/**
 * One run: every value in full, and what can be done with it.
 *
 * @param {{ model: import("../main.js").Model, act: import("../main.js").Act }} props
 */
export function Drawer({ model, act }) {
  const { run } = model;
  if (!run) return null;
  return html`
    <${Dialog} id="run" title="Run" kind="drawer" onClose=${act.closeRun}>
      <div class="actions">
        <button type="button" onClick=${() =>
          act.copy(JSON.stringify(run.row, null, 2))}>Copy as JSON</button>
        <button type="button" onClick=${() =>
          act.copy(explainLine(model, run.row))}>Copy “stet explain”</button>
        <button type="button" onClick=${() => act.reset(run.row)}>Run again …</button>
      </div>
      <${Values} row=${run.row} />
      ${run.files.map(({ title, text }) =>
        html`
          <h3>${title}</h3>
          <pre tabindex="0" aria-label=${title}>${text}</pre>
        `
      )}
    <//>
  `;
}

/** @param {import("../main.js").Model} model @param {Readonly<Record<string, unknown>>} row @returns {string} */
function explainLine({ view }, row) {
  const pairs = Object.keys(row).filter((name) => !isResult(name) && !isReserved(name))
    .map((name) =>
      quoted(`${name}=${typeof row[name] === "string" ? row[name] : JSON.stringify(row[name])}`)
    );
  return ["stet explain", quoted(view?.progress.location ?? ""), ...pairs].join(" ");
}

/** A word of a shell. @param {string} text @returns {string} */
function quoted(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
