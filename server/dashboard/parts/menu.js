import { html, useEffect, useRef } from "../preact.js";

/**
 * A button that opens a list of buttons. A choice, Escape and a click elsewhere close it.
 *
 * @param {{ label: string, symbol: string, children: import("../vendor/preact.d.ts").VNode }} props
 */
export function Menu({ label, symbol, children }) {
  const ref = useRef(/** @type {HTMLDetailsElement | null} */ (null));
  useEffect(() => {
    /** @param {Event} event */
    function close(event) {
      const isInside = event.target instanceof Node && ref.current?.contains(event.target);
      if (!isInside && ref.current) ref.current.open = false;
    }
    document.addEventListener("pointerdown", close);
    return () => document.removeEventListener("pointerdown", close);
  }, []);
  function shut() {
    if (!ref.current?.open) return;
    ref.current.open = false;
    ref.current.querySelector("summary")?.focus();
  }
  return html`
    <details class="menu" ref=${ref} onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Escape" || !ref.current?.open) return;
      event.stopPropagation();
      shut();
    }}>
      <summary aria-label=${label} title=${label}>${symbol}</summary>
      <div class="choices" onClick=${shut}>${children}</div>
    </details>
  `;
}
