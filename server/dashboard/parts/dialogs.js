import { columnText, fullText, wholeText } from "../cells.js";
import { html, useRef } from "../preact.js";
import { Dialog } from "./dialog.js";

/** @typedef {{ model: import("../main.js").Model, act: import("../main.js").Act }} Props */

/** Asks for the token. @param {Props} props */
export function TokenDialog({ model, act }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  if (model.tokenProblem === null) return null;
  return html`
    <${Dialog} id="ask" title="This sidecar needs its token">
      <form method="dialog" onSubmit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        act.giveToken(field.current?.value ?? "");
      }}>
        <p>It was given as <code>STET_TOKEN</code> or <code>--token-file</code>. It is kept until this tab is closed.</p>
        <input id="token" type="password" autocomplete="off" aria-label="Token" required
          ref=${field} />
        <p class="error" id="ask-error" role="alert">${model.tokenProblem}</p>
        <button type="submit">Show the store</button>
      </form>
      <//>
  `;
}

/** Lists the keys. @param {Props} props */
export function HelpDialog({ model, act }) {
  if (!model.isHelping) return null;
  const keys = [
    ["/", "filter"],
    ["m", "metric"],
    ["j k", "next and previous run"],
    ["Enter", "open the run, choose a mark"],
    ["p, Space", "pause, go on"],
    ["Esc", "close, or remove the last filter"],
    ["arrows", "move inside a figure"],
    [
      "↑ ↓ on an axis",
      "choose a value; with Shift, a range. Enter filters by it, Delete shows all",
    ],
    ["?", "this list"],
  ];
  return html`
    <${Dialog} id="help" title="Keys" onClose=${act.closeHelp}>
      <dl class="values">${keys.map(([key, text]) =>
        html`
          <div>
            <dt><kbd>${key}</kbd></dt>
            <dd>${text}</dd>
          </div>
        `
      )}</dl>
      <p class="note">A click on a cell, bar or point filters by it. The address holds every choice.</p>
      <//>
  `;
}

/** Asks before something is changed. @param {Props} props */
export function ConfirmDialog({ model, act }) {
  const { confirming } = model;
  if (!confirming) return null;
  return html`
    <${Dialog} id="confirm" title=${confirming.title} onClose=${act.closeConfirm}>
      <p>${confirming.text}</p>
      ${confirming.problem && html`<p class="error" role="alert">${confirming.problem}</p>`}
      <div class="actions">
        <button type="button" id="confirm-yes" class="danger" onClick=${act.confirm}>${confirming
          .button}</button>
        <button type="button" onClick=${act.closeConfirm}>Cancel</button>
      </div>
    <//>
  `;
}

/** Shows the values in which runs differ. @param {Props} props */
export function CompareDialog({ model, act }) {
  if (!model.isComparing) return null;
  const rows = [...model.selected.values()];
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const differing = names.filter((name) =>
    new Set(rows.map((row) => fullText(row[name]))).size > 1
  );
  return html`
    <${Dialog} id="compare" title=${`${rows.length} runs compared`} kind="wide" onClose=${act
      .closeCompare}>
      <div class="scroll" tabindex="0" role="group" aria-label="Runs compared">
        <table class="matrix">
          <tbody>
            ${differing.map((name) =>
              html`
                <tr>
                  <th scope="row" title=${name}>${columnText(name)}</th>
                  ${rows.map((row) =>
                    html`<td dir="auto">${wholeText(name, fullText(row[name]))}</td>`
                  )}
                </tr>
              `
            )}
          </tbody>
        </table>
      </div>
      <p class="note">Only what differs is listed.</p>
      <//>
  `;
}
