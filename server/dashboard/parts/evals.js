import { differences } from "../diff.js";
import { numberText } from "../../../figures/draw/numbers.js";
import { counted, namedText } from "../format.js";
import { html, useState } from "../preact.js";
import { Picker } from "./picker.js";

/** @typedef {import("../../../figures/view.ts").Evals} Evals */

/** The most columns that are drawn. */
const MAX_COLUMNS = 12;
/** The rows drawn before more are asked for. */
const ROWS = 12;

/**
 * Outputs by two params, such as prompt and model. Two columns can be set side by side, with their words
 * compared.
 *
 * @param {{ model: import("../main.js").Model, act: import("../main.js").Act }} props
 */
export function EvalsMatrix({ model, act }) {
  const { view } = model;
  const evals = view?.evals;
  const [left, setLeft] = useState(-1);
  const [right, setRight] = useState(-1);
  const [most, setMost] = useState(ROWS);
  if (!view || !evals) return null;
  const { params, texts, metric } = view.choices;
  const columns = evals.column?.parts ?? [{ label: "", where: null }];
  const isPair = left >= 0 && right >= 0 && left !== right && left < columns.length &&
    right < columns.length;
  const shown = isPair ? [left, right] : columns.map((_, i) => i).slice(0, MAX_COLUMNS);
  const cells = new Map(evals.cells.map((cell) => [`${cell.row} ${cell.column}`, cell]));
  const names = params.filter(({ constant }) => constant === null).map((
    { name, label },
  ) => /** @type {const} */ ([name, label]));
  const options = [["-1", "–"], ...columns.map(({ label }, i) => [String(i), label])];
  const rows = evals.row.parts;
  return html`
    <section class="evals" aria-labelledby="evals-title">
      <div class="head">
        <h2 id="evals-title">Outputs by ${evals.row.label}${evals.column &&
          ` and ${evals.column.label}`}</h2>
        <div class="pickers">
          ${texts.length > 1 && html`
            <${Picker} label="text" value=${evals.text}
              options=${texts.map((name) => [name, name.replace(/^result\./, "")])}
              onPick=${(/** @type {string} */ text) => act.choose({ text })} />
          `}
          <${Picker} label="rows" value=${evals.row.name} options=${names}
            onPick=${(/** @type {string} */ row) => act.choose({ row })} />
          ${evals.column && html`
            <${Picker} label="columns" value=${evals.column.name} options=${names}
              onPick=${(/** @type {string} */ column) => act.choose({ column })} />
          `}
          ${columns.length > 1 && html`
            <${Picker} label="side by side" value=${String(left)} options=${options}
              onPick=${(/** @type {string} */ i) => setLeft(Number(i))} />
            <${Picker} label="and" value=${String(right)} options=${options}
              onPick=${(/** @type {string} */ i) => setRight(Number(i))} />
          `}
        </div>
      </div>
      <div class="scroll" tabindex="0" role="group" aria-label="Outputs">
        <table class="matrix">
          <thead>
            <tr><th scope="col">${evals.row.label}</th>${shown.map((i) =>
              html`
                <th scope="col"><bdi>${columns[i]?.label}</bdi></th>
              `
            )}</tr>
          </thead>
          <tbody>
            ${rows.slice(0, most).map(({ label }, row) =>
              html`
                <tr>
                  <th scope="row"><div class="clamp" title=${label}><bdi>${label}</bdi></div></th>
                  ${shown.map((column, k) =>
                    html`
                      <td>
                        <${Cell} cell=${cells.get(
                          `${row} ${column}`,
                        )} metric=${metric} act=${act} isWhole=${isPair}
                          other=${isPair
                            ? cells.get(`${row} ${shown[1 - k]}`)?.output
                            : undefined} />
                      </td>
                    `
                  )}
                </tr>
              `
            )}
          </tbody>
        </table>
      </div>
      <p class="note">
        ${columns.length > shown.length && !isPair &&
          `${counted(columns.length - shown.length, "column")} more. `}
        ${evals.others.length > 0 && "Outputs are of runs with "}${evals.others.length > 0 &&
          html`<bdi>${namedText(evals.others)}</bdi>`}${evals.others.length > 0 && ". "}
        ${isPair && "Marked words are not in the other output. "}
        ${rows.length > most && html`<button type="button" onClick=${() => setMost(most + 50)}>
          ${counted(rows.length - most, "row")} more</button>`}
      </p>
    </section>
  `;
}

/**
 * @param {{
 *   cell: Evals["cells"][number] | undefined,
 *   metric: import("../../../figures/view.ts").Metric | null,
 *   act: import("../main.js").Act,
 *   isWhole: boolean,
 *   other: string | undefined,
 * }} props
 */
function Cell({ cell, metric, act, isWhole, other }) {
  if (!cell) return html`<span class="note">none</span>`;
  const { value, n, failed, output, cut, like, where } = cell;
  const isShare = metric !== null && value !== null && value >= 0 && value <= 1;
  return html`
    <div class="output">
      <div class="score">
        ${value !== null && html`<b>${numberText(value, 3)}</b>`}
        ${isShare &&
          html`<span class="share" aria-hidden="true"><span style=${`width:${
            value * 100
          }%`}></span></span>`}
        <span class="note">n = ${n}</span>
        ${failed > 0 && html`<span class="bad">${failed} failed</span>`}
        ${where !== null && !like && html`<span class="note">other run</span>`}
        ${where !== null &&
          html`<button type="button" class="link" onClick=${() =>
            act.openRun(where)}>open</button>`}
      </div>
      <div class=${isWhole ? "whole" : "clamp"} dir="auto">${other === undefined
        ? output
        : differences(output, other).map(({ text, isOwn }) =>
          isOwn ? html`<mark>${text}</mark>` : text
        )}${cut && "…"}</div>
    </div>
  `;
}
