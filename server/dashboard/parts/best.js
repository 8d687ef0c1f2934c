import { bestTexts } from "../../../figures/draw/draw_best.js";
import {
  drawInterval,
  drawIntervalAxis,
  intervalDomain,
} from "../../../figures/draw/draw_interval.js";
import { leadWords } from "../../../figures/draw/lead_words.js";
import { numberText, secondsText, shortValue } from "../../../figures/draw/numbers.js";
import { counted, namedText, ordinalText } from "../format.js";
import { html } from "../preact.js";

const GLYPH_WIDTH = 320;

/**
 * The best configurations: a sentence and a table.
 *
 * @param {{ model: import("../main.js").Model, act: import("../main.js").Act }} props
 */
export function BestConfigurations({ model, act }) {
  const { view } = model;
  const best = view?.best;
  const metric = view?.choices.metric;
  if (!view || !best || !metric) return null;
  const hasPlan = best.rows.some(({ planned }) => planned !== null);
  const hasSpread = best.rows.some(({ sd }) => sd !== null);
  const hasTook = metric.name !== "took" && best.rows.some(({ took }) => took !== null);
  const domain = intervalDomain(best.rows);
  const texts = bestTexts(best, metric.label);
  return html`
    <section class="best" aria-labelledby="best-title">
      <div class="head">
        <h2 id="best-title">Best configurations</h2>
      </div>
      <${Sentence} view=${view} mean=${`${texts.mean[0]} ${texts.sd[0]}`.trim()} />
      <div class="scroll" tabindex="0" role="group" aria-label="Best configurations">
        <table>
          <thead>
            <tr>
              <th scope="col" class="number">#</th>
              ${best.params.map((name) => html`<th scope="col">${labelOf(view, name)}</th>`)}
              <th scope="col" class="number mean">${metric.label}</th>
              ${hasSpread && html`<th scope="col" class="number">± sd</th>`}
              <th scope="col" class="number">n</th>
              ${hasSpread && html`
                <th scope="col" class="glyph" title="Dot: mean. Bar: ± sd. Line: least to most."
                  dangerouslySetInnerHTML=${{
                    __html: drawIntervalAxis(metric.label, { width: GLYPH_WIDTH, domain }),
                  }}></th>
              `}
              ${hasTook && html`<th scope="col" class="number">took</th>`}
            </tr>
          </thead>
          <tbody>
            ${best.rows.map((row, i) =>
              html`
                <tr class=${`${row.few ? "few" : ""}${
                  best.ties > 1 && i < best.ties ? " tied" : ""
                }`}
                  title=${row.few ? "Less than half of its planned runs" : undefined}>
                  <td class="number">${i + 1}</td>
                  ${row.values.map((value, j) =>
                    html`
                      <td class="text">${j === 0 && row.where !== null
                        ? html`
                          <button type="button" class="link" title="Filter by this configuration"
                            onClick=${() => act.addFilter(row.where ?? "")}><bdi>${shortValue(
                              value,
                            )}</bdi></button>
                        `
                        : html`<bdi title=${value}>${shortValue(value)}</bdi>`}</td>
                    `
                  )}
                  <td class="number mean"><b>${texts.mean[i]}</b></td>
                  ${hasSpread &&
                    html`<td class="number">${texts.sd[i] || "–"}</td>`}
                  <td class="number">${row
                    .n}${hasPlan && row.planned !== null && row.planned !== row.n
                    ? `/${row.planned}`
                    : ""}${row.failed > 0
                    ? html`
                      <span class="bad" title=${`${row.failed} failed`}>◥${row.failed}</span>
                    `
                    : ""}</td>
                  ${hasSpread &&
                    html`<td class="glyph" dangerouslySetInnerHTML=${{
                      __html: drawInterval(row, { width: GLYPH_WIDTH, domain }),
                    }}></td>`}
                  ${hasTook &&
                    html`<td class="number">${
                      row.took === null ? "–" : secondsText(row.took)
                    }</td>`}
                </tr>
              `
            )}
          </tbody>
        </table>
      </div>
      <p class="note">
        ${best.configurations > best.rows.length &&
          `${counted(best.configurations, "configuration")} in all. `}
        ${best.ties > 1 &&
          (hasSpread
            ? "Marked rows are not told apart: their means differ by less than the standard error of the best. "
            : "Marked rows are equal. ")}
        ${!hasSpread && "Without replicates there is no ±: choose a param to average over. "}
      </p>
    </section>
  `;
}

/** @param {import("../../../figures/view.ts").View} view @param {string} name @returns {string} */
function labelOf(view, name) {
  return view.choices.params.find((each) => each.name === name)?.label ?? name;
}

/** @param {{ view: import("../../../figures/view.ts").View, mean: string }} props `mean`: with its sd */
function Sentence({ view, mean }) {
  const { best, choices: { metric } } = view;
  const first = best?.rows[0];
  if (!best || !first || !metric) return null;
  const named = best.params.map((name, i) => ({
    name: labelOf(view, name),
    value: shortValue(first.values[i] ?? ""),
  }));
  const { luck, ties } = best;
  return html`
    <p class="sentence">
      Best: <b>${named.length > 0
        ? html`<bdi>${cut(namedText(named))}</bdi>`
        : "the only configuration"}</b> with
      ${` ${metric.label} `}<b>${mean}</b>${first.n > 1 ? ` (n = ${first.n})` : ""}.
      ${ties > 1 && ` The first ${ties} are ${first.sd === null ? "equal" : "not told apart"}.`}
      ${` ${leadWords(best, metric.label)}`}
      ${luck &&
        ` The single best run (${numberText(luck.value)}) is of another configuration, ${
          cut(namedText(luck.params))
        }, the ${ordinalText(luck.place)} by mean: luck of ${cut(namedText(luck.replicate))}.`}
    </p>
  `;
}

/** @param {string} text @returns {string} */
function cut(text) {
  return text.length > 160 ? `${text.slice(0, 110)} … ${text.slice(-45)}` : text;
}
