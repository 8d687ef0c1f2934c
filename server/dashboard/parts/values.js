import { columnText, fullText, isReserved, isResult } from "../cells.js";
import { html } from "../preact.js";

/**
 * All values of a run in full: params, results, and the details of stet.
 *
 * @param {{ row: Readonly<Record<string, unknown>>, level?: 2 | 3 }} props
 */
export function Values({ row }) {
  const names = Object.keys(row);
  const groups = /** @type {const} */ ([
    ["Params", names.filter((name) => !isResult(name) && !isReserved(name))],
    ["Results", names.filter(isResult)],
    ["Details", names.filter(isReserved)],
  ]);
  return groups.map(([title, list]) =>
    list.length > 0 && html`
      <h3>${title}</h3>
      <dl class="values">
        ${list.map((name) =>
          html`
            <div>
              <dt title=${name}><bdi>${columnText(name)}</bdi></dt>
              <dd dir="auto">${valueOf(row[name])}</dd>
            </div>
          `
        )}
      </dl>
    `
  );
}

/** @param {unknown} value */
function valueOf(value) {
  const text = fullText(value);
  return text.includes("\n")
    ? html`<pre tabindex="0" role="group" aria-label="Value">${text}</pre>`
    : text;
}
