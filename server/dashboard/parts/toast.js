import { html } from "../preact.js";

/** A line that says what was done. It is inside of an open drawer: what is behind one is neither seen nor read. @param {{ text: string }} props */
export function Toast({ text }) {
  return html`<p class="toast" role="status">${text}</p>`;
}
