import { cellText, columnText, fullText, isReserved, isResult } from "../cells.js";
import { counted, countText } from "../format.js";
import { html } from "../preact.js";
import { Menu } from "./menu.js";

/** The most runs that are compared. */
const MAX_COMPARED = 8;
/** The states of runs, each with a sign. @type {readonly (readonly [import("../main.js").State, string])[]} */
const STATES = [["done", "✓"], ["failed", "◥"], ["running", "▶"]];
const SIGNS = new Map(STATES);

/**
 * The table of runs: a page of them, the best first, then those that failed or are under way.
 *
 * @param {{ model: import("../main.js").Model, act: import("../main.js").Act }} props
 */
export function Runs({ model, act }) {
  const { table, view, choices, selected, pageSize } = model;
  if (!table || !view) return null;
  const columns = shownColumns(table.columns, choices.columns, view);
  const numeric = new Set(columns.filter((name) => isNumeric(table.rows, name)));
  const sort = model.sort;
  const first = Number(choices.page ?? "0") * pageSize;
  const last = first + table.rows.length;
  const isLast = last >= table.total;
  const endedCount = table.counts.done + table.counts.failed;
  return html`
    <section class="runs" id="runs" aria-labelledby="runs-title" tabindex="-1">
      <div class="head">
        <h2 id="runs-title">Runs</h2>
        <${StatePicker} counts=${table.counts} chosen=${choices.status} act=${act} />
        <div class="pickers">
          ${selected.size > 0 && html`
            <button type="button" disabled=${selected.size < 2} onClick=${act
              .compare}>Compare ${selected.size}</button>
            <button type="button" class="quiet" onClick=${act.clearSelection}>Clear</button>
          `}
          ${(choices.where ?? "") !== "" && endedCount > 0 && html`
            <button type="button" class="quiet" onClick=${() => act.resetFiltered()}>Run ${counted(
              endedCount,
              "run",
            )} again …</button>
          `}
          <${ColumnChooser} all=${table.columns} shown=${columns} act=${act} />
        </div>
      </div>
      <div class="scroll" tabindex="0" role="group" aria-label="Runs">
        <table id="table">
          <thead>
            <tr>
              <th scope="col"><span class="unseen">compare</span></th>
              <th scope="col">status</th>
              ${columns.map((name) =>
                html`
                  <th scope="col" class=${numeric.has(name)
                    ? "number"
                    : ""} aria-sort=${sort === name
                    ? "ascending"
                    : sort === `-${name}`
                    ? "descending"
                    : undefined}>
                    <button type="button" title=${name} onClick=${() =>
                      act.choose({ sort: nextSort(sort, name) })}>${columnText(name)}</button>
                  </th>
                `
              )}
            </tr>
          </thead>
          <tbody>
            ${table.rows.map((row, i) => {
              const state = table.states[i] ?? "done";
              return html`
                <tr class=${model.row === i ? "current" : ""}>
                  <td><input type="checkbox" aria-label=${`Compare run ${
                    first + i + 1
                  }`} checked=${selected.has(act.idOf(row))}
                    disabled=${!selected.has(act.idOf(row)) && selected.size >= MAX_COMPARED}
                    onChange=${() => act.select(row)} /></td>
                  <td><button type="button" class=${`link ${state}`} data-row=${i} onClick=${() =>
                    act.openRow(i)}
                    aria-label=${`Open run ${
                      first + i + 1
                    }, ${state}`}><span class="sign" aria-hidden="true">${SIGNS.get(
                      state,
                    )}</span>${state}</button></td>
                  ${columns.map((name) => {
                    const value = row[name];
                    const text = cellText(name, value);
                    const full = fullText(value);
                    return html`
                      <td class=${`${numeric.has(name) ? "number " : ""}${
                        typeof value === "number" ? "" : "text"
                      }`}
                        title=${full === text && text.length < 30
                          ? undefined
                          : full}><bdi>${text.length > 200
                          ? `${text.slice(0, 200)}…`
                          : text}</bdi></td>
                    `;
                  })}
                </tr>
              `;
            })}
          </tbody>
        </table>
      </div>
      <div class="foot">
        <p class="note" id="range" role="status">${table.total === 0
          ? `no ${choices.status ? `${choices.status} ` : ""}runs`
          : `${countText(first + 1)}–${countText(last)} of ${
            counted(table.total, "run")
          }`}${(choices.where ?? "") === "" ? "" : " that match"}</p>
        <div class="pager">
          <button type="button" id="first" disabled=${first === 0} onClick=${() =>
            act.choose({ page: "" })}>First</button>
          <button type="button" id="previous" disabled=${first === 0} onClick=${() =>
            act.turnPage(-1)}>Previous</button>
          <button type="button" id="next" disabled=${isLast} onClick=${() =>
            act.turnPage(1)}>Next</button>
          <button type="button" id="last" disabled=${isLast} onClick=${() =>
            act.choose({ page: String(Math.floor((table.total - 1) / pageSize)) })}>Last</button>
        </div>
      </div>
    </section>
  `;
}

/**
 * The choice of a state, with the number of runs in each. Without failed or running runs there is none to make.
 *
 * @param {{
 *   counts: import("../main.js").Table["counts"],
 *   chosen: string | undefined,
 *   act: import("../main.js").Act,
 * }} props
 */
function StatePicker({ counts, chosen = "", act }) {
  if (counts.failed + counts.running === 0 && chosen === "") return null;
  const all = counts.done + counts.failed + counts.running;
  return html`
    <div class="states" role="group" aria-label="Status">
      <button type="button" aria-pressed=${chosen === ""} onClick=${() =>
        act.choose({ status: "" })}>All ${countText(all)}</button>
      ${STATES.map(([state, sign]) =>
        (counts[state] > 0 || chosen === state) && html`
          <button type="button" class=${state} aria-pressed=${chosen === state}
            onClick=${() =>
              act.choose({
                status: state,
              })}><span class="sign" aria-hidden="true">${sign}</span>${state} ${countText(
                counts[state],
              )}</button>
        `
      )}
    </div>
  `;
}

/**
 * @param {{ all: readonly string[], shown: readonly string[], act: import("../main.js").Act }} props
 */
function ColumnChooser({ all, shown, act }) {
  return html`
    <${Menu} label="Columns" symbol="columns">
      <div class="column-list" onClick=${(/** @type {Event} */ event) => event.stopPropagation()}>
        ${all.map((name) =>
          html`
            <label><input type="checkbox" checked=${shown.includes(name)} onChange=${() =>
              act.choose({
                columns: JSON.stringify(
                  shown.includes(name)
                    ? shown.filter((each) => each !== name)
                    : all.filter((each) => each === name || shown.includes(each)),
                ),
              })} /> ${columnText(name)}</label>
          `
        )}
        <button type="button" onClick=${() => act.choose({ columns: "" })}>Default columns</button>
      </div>
      <//>
  `;
}

/**
 * @param {readonly string[]} all
 * @param {string | undefined} chosen
 * @param {import("../../../figures/view.ts").View} view
 * @returns {readonly string[]}
 */
function shownColumns(all, chosen, { choices }) {
  if (chosen !== undefined) {
    try {
      const names = JSON.parse(chosen);
      if (Array.isArray(names)) return all.filter((name) => names.includes(name));
    } catch {
      // An address that somebody wrote: the default columns.
    }
  }
  // Columns of another namespace are empty.
  const filled = new Set(
    [...choices.params, ...choices.metrics].map(({ name }) => name).concat(choices.texts),
  );
  const own = choices.namespaces.length > 1
    ? all.filter((name) => isReserved(name) || filled.has(name))
    : all;
  const params = own.filter((name) => !isReserved(name) && !isResult(name));
  const took = all.filter((name) => name === "_stet_elapsed");
  return [...params, ...own.filter(isResult), ...took];
}

/** Up, down, and the default. @param {string} sort @param {string} name @returns {string} */
function nextSort(sort, name) {
  return sort === name ? `-${name}` : sort === `-${name}` ? "" : name;
}

/** @param {readonly Readonly<Record<string, unknown>>[]} rows @param {string} name @returns {boolean} */
function isNumeric(rows, name) {
  if (name === "_stet_timestamp") return true;
  const filled = rows.filter((row) => row[name] !== undefined && row[name] !== null);
  return filled.length > 0 &&
    filled.filter((row) => isNumber(row[name])).length * 2 > filled.length;
}

/** True for a number; NaN and infinite ones are cell text. @param {unknown} value @returns {boolean} */
function isNumber(value) {
  return typeof value === "number" || typeof value === "string" && /^(?:nan|-?inf)$/.test(value);
}
