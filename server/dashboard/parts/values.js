import { columnText, fullText, isReserved, isResult, wholeText } from "../cells.js";
import { html } from "../preact.js";

/** @typedef {{ name: string, role: "param" | "result" | "detail", text: string }} RunValue */

const TITLES =
  /** @type {const} */ ([["param", "Params"], ["result", "Results"], ["detail", "Details"]]);

/** All values of a run in full: params, results, and the details of stet. @param {{ values: readonly RunValue[] }} props */
export function Values({ values }) {
  return TITLES.map(([role, title]) => {
    const own = values.filter((value) => value.role === role);
    return own.length > 0 && html`
      <h3>${title}</h3>
      <dl class="values">
        ${own.map(({ name, text }) =>
          html`
            <div>
              <dt title=${name}><bdi>${columnText(name)}</bdi></dt>
              <dd dir="auto">${text.includes("\n")
                ? html`<pre tabindex="0" role="group" aria-label=${name}>${text}</pre>`
                : wholeText(name, text)}</dd>
            </div>
          `
        )}
      </dl>
    `;
  });
}

/** Returns the values of a row of the table. @param {Readonly<Record<string, unknown>>} row @returns {RunValue[]} */
export function valuesOf(row) {
  return Object.entries(row).map(([name, value]) => ({
    name,
    role: isResult(name) ? "result" : isReserved(name) ? "detail" : "param",
    text: fullText(value),
  }));
}
