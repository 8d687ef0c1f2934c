import { configurationsWords, drawConfigurations } from "../../figures/draw/draw_configurations.js";
import { drawEffect, effectsDomain } from "../../figures/draw/draw_effect.js";
import { drawHeat, heatTitle } from "../../figures/draw/draw_heat.js";
import { drawHistogram } from "../../figures/draw/draw_histogram.js";
import { drawOverTime } from "../../figures/draw/draw_over_time.js";
import { drawShares } from "../../figures/draw/draw_shares.js";
import { drawTradeOff } from "../../figures/draw/draw_trade_off.js";
import { binWhere, metricBrush, paramBrush, withRange } from "./brush.js";
import { joinedParts } from "./conditions.js";
import { doneRuns } from "./done_runs.js";
import { percentText } from "../../figures/draw/numbers.js";
import { BestConfigurations } from "./parts/best.js";
import { Controls } from "./parts/controls.js";
import { CompareDialog, ConfirmDialog, HelpDialog, TokenDialog } from "./parts/dialogs.js";
import { Drawer } from "./parts/drawer.js";
import { EvalsMatrix } from "./parts/evals.js";
import { Failures } from "./parts/failures.js";
import { Figure } from "./parts/figure.js";
import { Header, Tiles } from "./parts/header.js";
import { Picker } from "./parts/picker.js";
import { Running } from "./parts/running.js";
import { Runs } from "./parts/runs.js";
import { Shards } from "./parts/shards.js";
import { Toast } from "./parts/toast.js";
import { Values, valuesOf } from "./parts/values.js";
import { Workers } from "./parts/workers.js";
import { html } from "./preact.js";

/**
 * @typedef {{ model: import("./main.js").Model, act: import("./main.js").Act }} Props
 * @typedef {import("./parts/figure.js").Mark} Mark
 */

/** The rows of a heat map that is clearly lower than parallel coordinates at most, and clearly higher at least. */
const MAX_SHORT_MAP = 6, MIN_TALL_MAP = 14;

/** The whole page. @param {Props} props */
export function Page({ model, act }) {
  const { view } = model;
  const problem = problemOf(model);
  const props = { model, act };
  const { failed = 0, running = 0 } = view?.progress ?? {};
  const done = view ? doneRuns(view.progress) : 0;
  const isOne = done === 1 && failed + running === 0 && model.table?.rows.length === 1;
  const isAllFailed = done === 0 && view !== undefined && view.failures.length > 0;
  const hasRuns = done + failed + running > 0 && !isOne;
  const failures = html`<${Failures} ...${props} />`;
  return html`
    ${hasRuns && model.table && html`<a class="skip" href="#runs">Skip to the table of runs</a>`}
    <${Header} ...${props} />
    ${problem && html`<p class="banner" id="problem" role="alert">${problem}</p>`}
    <${Controls} ...${props} />
    <main class=${problem ? "old" : ""}>
      ${view && html`
        <${Tiles} progress=${view.progress} />
        <${Empty} view=${view} />
        ${view.notes.length > 0 &&
          html`<ul class="notes">${view.notes.map((note) => html`<li>${note}</li>`)}</ul>`}
        ${isAllFailed && failures}
        ${isOne ? html`<${OneRun} ...${props} />` : html`<${BestConfigurations} ...${props} />`}
        <${Matters} ...${props} />
        <${Maps} ...${props} />
        <${EvalsMatrix} ...${props} />
        <div class="details">
          ${!isAllFailed && failures}
          <${Running} ...${props} />
          <${TradeOff} ...${props} />
          ${!isOne && html`<${OverTime} ...${props} />`}
        </div>
        <${Shards} ...${props} />
        <${Workers} ...${props} />
        ${hasRuns && html`<${Runs} ...${props} />`}
      `}
    </main>
    <${Drawer} ...${props} />
    <${CompareDialog} ...${props} />
    <${ConfirmDialog} ...${props} />
    <${HelpDialog} ...${props} />
    <${TokenDialog} ...${props} />
    ${!model.run && html`<${Toast} text=${model.toast} />`}
  `;
}

/** Why what is shown may be old; null if it is not. @param {import("./main.js").Model} model @returns {string | null} */
function problemOf({ live, problem }) {
  if (live === "lost") return "The sidecar cannot be reached. What is shown may be old.";
  if (live === "stale") {
    return "Nothing was heard of the sidecar for 20 s. What is shown may be old.";
  }
  return problem;
}

/** The values of the only run. @param {Props} props */
function OneRun({ model }) {
  const row = model.table?.rows[0];
  return html`
    <section aria-labelledby="one-title">
      <div class="head">
        <h2 id="one-title">The only run</h2>
      </div>
      <${Values} values=${valuesOf(row ?? {})} />
    </section>
  `;
}

/** What to do next, for a store without rows or results. @param {{ view: import("../../figures/view.ts").View }} props */
function Empty({ view }) {
  const { progress, choices: { metrics } } = view;
  const { failed, running, problem, reading } = progress;
  const done = doneRuns(progress);
  if (problem !== null || reading !== null) return null;
  if (done + failed + running === 0) {
    return html`
      <section class="empty" id="empty">
        <h2>Nothing yet</h2>
        <p>Runs show up here the moment they are recorded. Start some:</p>
        <pre
          tabindex="0">stet run -g lr=0.1,0.2 -g seed=0..9 -- python train.py --lr {lr} --seed {seed}</pre>
      </section>
    `;
  }
  if (done > 0 && !metrics.some(({ name }) => name !== "took")) {
    return html`
      <p
        class="note">No result is saved: with <code>save: true</code> the page shows which configuration is best.</p>
    `;
  }
  return null;
}

/** @param {import("./main.js").Model} model @returns {{ better: import("../../figures/view.ts").Better, metric: string }} */
function metricOf({ view }) {
  return { better: view?.choices.better ?? "lower", metric: view?.choices.metric?.label ?? "" };
}

/** @param {import("./main.js").Act} act */
function filterBy(act) {
  return (/** @type {Mark} */ { where }) => {
    if (where) act.addFilter(where);
  };
}

/** The share of each param, and how the metric depends on it. @param {Props} props */
function Matters({ model, act }) {
  const { view } = model;
  if (!view) return null;
  const { matters, heat } = view;
  const effects = heat?.y === null ? [] : view.effects; // the only one takes the place of the map
  const options = metricOf(model);
  const { metric } = options;
  if (!matters && effects.length === 0) return null;
  const domain = effectsDomain(effects);
  return html`
    <div class=${`matters${effects.length === 0 ? " alone" : ""}`}>
      ${matters && html`
        <${Figure} title="What matters" name="what-matters" data=${matters}
          onChoose=${(/** @type {Mark} */ { i }) => chooseShare(matters, i, act)}
          draw=${(/** @type {number} */ width) =>
            drawShares(matters, { ...options, width, id: "shares", over: view.choices.over })}
          note=${sharesNote(matters, metric)} />
      `}
      ${effects.length > 0 && html`
        <div class="container">
          <div class=${`effects${effects.length === 4 ? " four" : ""}`}>
          ${effects.map((effect, i) =>
            html`
              <${Figure} key=${effect.axis
                .name} title=${`${metric} by ${effect.axis.label}`} kind="small" level=${3}
                name=${`effect-${effect.axis.label}`} data=${effect} onChoose=${filterBy(act)}
                draw=${(/** @type {number} */ width) =>
                  drawEffect(effect, { ...options, width, id: `effect${i}`, domain })} />
            `
          )}
          </div>
        </div>
      `}
    </div>
  `;
}

/** Maps the params of a share. @param {import("../../figures/view.ts").Matters} matters @param {number | undefined} i @param {import("./main.js").Act} act */
function chooseShare({ shares }, i, act) {
  const [x, y] = shares[i ?? -1]?.names ?? [];
  if (x !== undefined) act.choose(y === undefined ? { x } : { x, y });
}

/** @param {import("../../figures/view.ts").Matters} matters @param {string} metric @returns {string} */
function sharesNote({ configurations, of, exact, noise }, metric) {
  const approximate = configurations < of
    ? ` Approximate: of the ${
      percentText(configurations / of)
    } of configurations that have a number.`
    : " Approximate: combinations are missing, or runs of some configurations.";
  return `Share of the variance of ${metric}.${exact ? "" : approximate}${
    noise === null ? " Without replicates noise is not told from interactions." : ""
  }`;
}

/** The condition of a cell. @param {import("../../figures/view.ts").Heat} heat @param {number} i @returns {string} */
function cellWhere({ x, y, z, cells }, i) {
  const parts = [x.parts[cells.x[i] ?? -1], y?.parts[cells.y[i] ?? -1], z?.parts[cells.z[i] ?? -1]];
  return joinedParts(parts.flatMap((part) => part?.where ?? []));
}

/** The map of two params. @param {Props} props */
function HeatMap({ model, act }) {
  const { view } = model;
  if (!view?.heat) return null;
  const { heat, effects, choices: { params, over } } = view;
  const options = metricOf(model);
  const names = params.filter(({ constant }) => constant === null)
    .map((
      { name, label },
    ) => /** @type {const} */ ([name, over.includes(name) ? `${label} (averaged)` : label]));
  const [line] = heat.y === null && heat.agg === "mean"
    ? effects.filter(({ axis }) => axis.name === heat.x.name)
    : [];
  const title = `${heatTitle(heat, options.metric)} by ${heat.x.label}${
    heat.y ? ` and ${heat.y.label}` : ""
  }`;
  const aggregates = ["mean", "median", "best", "worst", "sd", "n", "took", "done"];
  return html`
    <${Figure} title=${title} name="heat-map" kind="heat" data=${heat}
      onChoose=${(/** @type {Mark} */ { i, where }) =>
        act.addFilter(where ?? cellWhere(heat, i ?? -1))}
      draw=${(/** @type {number} */ width) =>
        line
          ? drawEffect(line, { ...options, width, id: "heat" })
          : drawHeat(heat, { ...options, width, id: "heat" })}
      controls=${html`
        <${Picker} label="x" id="heat-x" value=${heat.x.name} options=${names}
          onPick=${(/** @type {string} */ x) =>
            act.choose(x === heat.y?.name ? { x, y: heat.x.name } : { x })} />
        <${Picker} label="y" id="heat-y" value=${heat.y?.name ?? ""} options=${[
          ["", "–"],
          ...names,
        ]}
          onPick=${(/** @type {string} */ y) =>
            act.choose(y === heat.x.name && heat.y ? { y, x: heat.y.name } : { y })} />
        ${names.length > 2 && html`
          <${Picker} label="each" id="heat-z" value=${heat.z?.name ?? ""} options=${[
            ["", "–"],
            ...names,
          ]}
            onPick=${(/** @type {string} */ z) => act.choose({ z })} />
        `}
        <${Picker} label="shows" id="heat-agg" value=${heat.agg}
          options=${aggregates.map((name) => [name, name === "done" ? "share done" : name])}
          onPick=${(/** @type {string} */ agg) => act.choose({ agg })} />
      `} />
  `;
}

/** The heat map next to all configurations; the distribution of the metric is below the lower one, or both. @param {Props} props */
function Maps({ model, act }) {
  const { view } = model;
  if (!view) return null;
  const { heat, configurations } = view;
  const hasLines = configurations !== null && configurations.mean.length > 1 &&
    configurations.axes.length > 1;
  if (!heat && !hasLines) return null;
  const props = { model, act };
  const cells = heat?.y?.parts.length ?? 1;
  // Maps of a third param are three in a row; titles and labels of each are as high as three cells.
  const rows = heat?.z ? Math.ceil(heat.z.parts.length / 3) * (cells + 3) : cells;
  const isShort = heat !== null && rows <= MAX_SHORT_MAP;
  const isTall = heat === null || rows >= MIN_TALL_MAP;
  const distribution = hasLines &&
    html`<${Distribution} ...${props} configurations=${configurations} />`;
  return html`
    <div class="maps">
      ${heat && html`<div class="stack"><${HeatMap} ...${props} />${isShort && distribution}</div>`}
      ${hasLines && html`
        <div class="stack">
          <${AllConfigurations} ...${props} configurations=${configurations} />
          ${isTall && distribution}
        </div>
      `}
      ${!isShort && !isTall && distribution}
    </div>
  `;
}

/** @typedef {Props & { configurations: import("../../figures/view.ts").Configurations }} ConfigurationsProps */

/** Parallel coordinates. @param {ConfigurationsProps} props */
function AllConfigurations({ model, act, configurations }) {
  const options = metricOf(model);
  return html`
    <${Figure} title="All configurations" name="configurations" data=${configurations}
      onChoose=${chooseConfiguration(configurations, act)}
      brushes=${brushesOf(configurations, model, act)}
      draw=${(/** @type {number} */ width) =>
        drawConfigurations(configurations, { ...options, width, id: "configurations" })}
      note=${`${configurationsWords(configurations)} Drag along an axis to filter.`} />
  `;
}

/** The distribution of the metric over runs. @param {ConfigurationsProps} props */
function Distribution({ model, act, configurations: { histogram } }) {
  const options = metricOf(model);
  return html`
    <${Figure} title=${`Distribution of ${options.metric}`} name="histogram" kind="small" level=${3} data=${histogram}
      onChoose=${(/** @type {Mark} */ { i }) =>
        i !== undefined && act.addFilter(binWhere(histogram, metricName(model), i))}
      draw=${(/** @type {number} */ width) =>
        drawHistogram(histogram, { ...options, width, id: "histogram" })} />
  `;
}

/**
 * The axes of configurations that a range is chosen of: those of params, and that of the metric without replicates.
 *
 * @param {import("../../figures/view.ts").Configurations} configurations
 * @param {import("./main.js").Model} model
 * @param {import("./main.js").Act} act
 * @returns {import("./parts/axis_range.js").Brushes}
 */
function brushesOf({ axes, mean, n }, model, act) {
  const { better, metric } = metricOf(model);
  return {
    axisAt(index) {
      const axis = axes[index];
      if (axis) return paramBrush(axis);
      // A condition is of runs: those of a configuration differ from its mean.
      return n.every((runs) => runs === 1)
        ? metricBrush(metricName(model), metric, better, mean)
        : undefined;
    },
    choose(axis, range) {
      const { where = "" } = model.choices;
      const next = withRange(where, axis, range);
      if (next !== where) act.choose({ where: next });
    },
  };
}

/** The column of the metric. @param {import("./main.js").Model} model @returns {string} */
function metricName({ view }) {
  const name = view?.choices.metric?.name ?? "";
  return name === "took" ? "_stet_elapsed" : name;
}

/** @param {import("../../figures/view.ts").Configurations} configurations @param {import("./main.js").Act} act */
function chooseConfiguration({ axes, parts }, act) {
  return (/** @type {Mark} */ { where, i }) => {
    if (where) return act.addFilter(where);
    if (i === undefined) return;
    const wheres = axes.map(({ parts: values }, axis) =>
      values[parts[axis]?.[i] ?? -1]?.where ?? null
    );
    act.addFilter(joinedParts(wheres.filter((each) => each !== null)));
  };
}

/** Two metrics against each other. @param {Props} props */
function TradeOff({ model, act }) {
  const { view } = model;
  const configurations = view?.configurations;
  const { metrics = [], metric, other } = view?.choices ?? {};
  if (!configurations?.other || !other || !metric) return null;
  const options = metricOf(model);
  return html`
    <${Figure} title=${`${metric.label} against ${other.label}`} name="trade-off" kind="trade-off" data=${configurations}
      onChoose=${chooseConfiguration(configurations, act)}
      draw=${(/** @type {number} */ width) =>
        drawTradeOff(configurations, { ...options, width, id: "trade-off", other })}
      controls=${html`
        <${Picker} label="against" value=${other.name}
          options=${metrics.filter(({ name }) => name !== metric.name).map((
            { name, label },
          ) => [name, label])}
          onPick=${(/** @type {string} */ name) => act.choose({ other: name })} />
      `}
      note="The stepped line joins configurations that no other beats in both." />
  `;
}

/** The condition of an interval of time. @param {import("../../figures/view.ts").OverTime} overTime @param {number} i @returns {string} */
function intervalWhere({ start, interval_seconds: seconds }, i) {
  const time = (/** @type {number} */ at) => new Date((start + at * seconds) * 1000).toISOString();
  return `(_stet_timestamp >= '${time(i)}' and _stet_timestamp < '${time(i + 1)}')`;
}

/** Runs that ended, by time. @param {Props} props */
function OverTime({ model, act }) {
  const overTime = model.view?.over_time;
  if (!overTime) return null;
  return html`
    <${Figure} title="Runs over time" name="over-time" kind="time" data=${overTime}
      onChoose=${(/** @type {Mark} */ { i }) =>
        i !== undefined && act.addFilter(intervalWhere(overTime, i))}
      draw=${(/** @type {number} */ width) =>
        drawOverTime(overTime, { ...metricOf(model), width, id: "over-time" })} />
  `;
}
