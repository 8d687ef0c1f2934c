import { html, useLayoutEffect, useRef } from "../preact.js";

/**
 * A dialog that is open for as long as it is drawn. The browser keeps the focus inside, and gives it back.
 *
 * @param {{
 *   id: string,
 *   title: string,
 *   kind?: string,
 *   onClose?: () => void,
 *   children: import("../vendor/preact.d.ts").VNode,
 * }} props Without `onClose` it cannot be closed.
 */
export function Dialog({ id, title, kind = "", onClose, children }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null));
  // At once: a key pressed before it is open would act on the page behind it.
  useLayoutEffect(() => {
    const dialog = ref.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement || before instanceof SVGElement) before.focus();
    };
  }, []);
  return html`
    <dialog id=${id} class=${kind} ref=${ref} aria-labelledby=${`${id}-title`}
      onCancel=${(/** @type {Event} */ event) => {
        event.preventDefault();
        onClose?.();
      }}
      onClick=${(/** @type {Event} */ event) => event.target === ref.current && onClose?.()}>
      <div class="inside">
        <div class="head">
          <h2 id=${`${id}-title`}>${title}</h2>
          ${onClose &&
            html`<button type="button" class="quiet" aria-label="Close" onClick=${onClose}>✕</button>`}
        </div>
        ${children}
      </div>
    </dialog>
  `;
}
