import { partsOf, withoutBrackets, withoutPart, withParts } from "../conditions.js";
import { html } from "../preact.js";
import { FilterField } from "./filter_field.js";
import { Picker } from "./picker.js";

/**
 * The line that acts on everything below it: metric, averaging, filter and namespace.
 *
 * @param {{ model: import("../main.js").Model, act: import("../main.js").Act }} props
 */
export function Controls({ model, act }) {
  const { view, choices, whereError } = model;
  if (!view) return null;
  const { metrics, metric, better, params, over, namespaces, namespace } = view.choices;
  const where = choices.where ?? "";
  const parts = partsOf(where);
  const free = params.filter(({ name, constant }) => constant === null && !over.includes(name));
  const labels = new Map(params.map(({ name, label }) => [name, label]));
  return html`
    <div class="controls" role="search">
      ${namespaces.length > 1 && html`
        <${Picker} label="namespace" value=${namespace ?? ""} onPick=${(
          /** @type {string} */ value,
        ) => act.choose({ namespace: value })}
          options=${namespaces.map((name) => [name, name === "" ? "(none)" : name])} />
      `}
      ${metric && html`
        <${Picker} label="metric" id="metric" value=${metric.name}
          options=${metrics.map(({ name, label, constant }) => [
            name,
            constant === null ? label : `${label} (always ${constant})`,
          ])}
          onPick=${(/** @type {string} */ value) => act.choose({ metric: value })} />
        <button type="button" class="turn" title="Turn the direction"
          onClick=${() => act.choose({ better: better === "lower" ? "higher" : "lower" })}>
          ${better === "lower" ? "↓ lower is better" : "↑ higher is better"}
        </button>
      `}
      ${(over.length > 0 || free.length > 1) && html`
        <div class="over">
          <span class="note">averaged over</span>
          ${over.length === 0 && html`<span class="note">nothing</span>`}
          ${over.map((name) =>
            html`
              <span class="chip">${labels.get(name) ?? name}
                <button type="button" aria-label=${`Do not average over ${name}`}
                  onClick=${() =>
                    act.choose({ over: over.filter((each) => each !== name).join(",") })}>×</button>
              </span>
            `
          )}
          ${free.length > 1 && html`
            <${Picker} label="Average over another param" isHidden value=""
              options=${[["", "+"], ...free.map(({ name, label }) => [name, label])]}
              onPick=${(/** @type {string} */ name) =>
                name && act.choose({ over: [...over, name].join(",") })} />
          `}
        </div>
      `}
      <div class="filter">
        ${parts.map((part, i) =>
          html`
            <span class=${`chip${whereError ? " wrong" : ""}`} key=${part}>
              <bdi title=${part}>${withoutBrackets(part)}</bdi>
              <button type="button" aria-label=${`Remove the filter ${withoutBrackets(part)}`}
                onClick=${() => act.choose({ where: withoutPart(where, i) })}>×</button>
            </span>
          `
        )}
        <${FilterField} view=${view} onAdd=${(/** @type {string} */ text) =>
          act.choose({ where: withParts(where, text) })} />
        ${where !== "" && !whereError && html`
          <span class="note" role="status">${model.view?.rows.toLocaleString(
            "en",
          )} runs match</span>
        `}
      </div>
      ${whereError && html`<p class="error" role="alert">${whereError}</p>`}
    </div>
  `;
}
