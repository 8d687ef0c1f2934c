import { html } from "../preact.js";

/**
 * A labelled choice of one of some values.
 *
 * @param {{
 *   label: string,
 *   value: string,
 *   options: readonly (readonly [value: string, label: string])[],
 *   onPick: (value: string) => void,
 *   id?: string,
 *   isHidden?: boolean,
 * }} props `isHidden` hides the label from the eye only.
 */
export function Picker({ label, value, options, onPick, id, isHidden = false }) {
  return html`
    <label class="picker">
      <span class=${isHidden ? "unseen" : ""}>${label}</span>
      <select id=${id} onChange=${(
        /** @type {Event & { currentTarget: HTMLSelectElement }} */ event,
      ) => onPick(event.currentTarget.value)}>
        ${options.map(([each, text]) =>
          html`
            <option value=${each} selected=${each === value}>${text}</option>
          `
        )}
      </select>
    </label>
  `;
}
