import { completions } from "../completion.js";
import { html, useState } from "../preact.js";

/**
 * The field for a condition, with completion of columns and values.
 *
 * @param {{ view: import("../../../figures/view.ts").View, onAdd: (text: string) => void }} props
 */
export function FilterField({ view, onAdd }) {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(-1);
  const [isOpen, setOpen] = useState(false);
  const options = isOpen ? completions(text, view) : [];

  /** @param {string} next */
  function take(next) {
    setText(next);
    setChosen(-1);
  }

  /** @param {KeyboardEvent} event */
  function onKeyDown(event) {
    const { key } = event;
    if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      if (!isOpen) return setOpen(true);
      const step = key === "ArrowDown" ? 1 : -1;
      const count = options.length + 1; // one more: none
      setChosen((chosen + 1 + step + count) % count - 1);
    } else if (key === "Enter" || key === "Tab" && chosen >= 0) {
      event.preventDefault();
      const option = options[chosen];
      if (option) return take(option.text);
      if (text.trim() === "") return;
      setOpen(false);
      take("");
      onAdd(text.trim());
    } else if (key === "Escape" && (text !== "" || isOpen && options.length > 0)) {
      event.stopPropagation();
      if (isOpen && options.length > 0) setOpen(false);
      else take("");
    }
  }

  return html`
    <div class="field">
      <input id="where" type="text" role="combobox" spellcheck=${false} autocomplete="off"
        autocapitalize="off"
        aria-label="Filter: a condition that runs fulfil" aria-autocomplete="list"
        aria-expanded=${options.length > 0}
        aria-controls="where-options" aria-activedescendant=${chosen >= 0
          ? `where-option-${chosen}`
          : undefined}
        placeholder=${exampleOf(view)} value=${text} onKeyDown=${onKeyDown}
        onInput=${(/** @type {Event & { currentTarget: HTMLInputElement }} */ event) => {
          setOpen(true);
          take(event.currentTarget.value);
        }}
        onFocus=${() => setOpen(true)} onBlur=${() => setOpen(false)} />
      <ul id="where-options" role="listbox" aria-label="Completions" hidden=${options.length === 0}>
        ${options.map(({ text: next, label }, i) =>
          html`
            <li id=${`where-option-${i}`} role="option" aria-selected=${i === chosen}
              onMouseDown=${(/** @type {Event} */ event) => {
                event.preventDefault(); // the field keeps the focus
                take(next);
              }}><bdi>${label}</bdi></li>
          `
        )}
      </ul>
    </div>
  `;
}

/** A condition with columns of this store. @param {import("../../../figures/view.ts").View} view @returns {string} */
function exampleOf({ choices: { params, metric } }) {
  const param = params.find(({ constant }) => constant === null);
  if (metric) return `Filter: ${metric.label} < 0.5`;
  return param ? `Filter: ${param.label} = …` : "Filter";
}
