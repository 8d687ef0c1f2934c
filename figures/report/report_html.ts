import { colorsCss } from "../draw/colors.js";
import { bestTexts, drawBest } from "../draw/draw_best.js";
import { configurationsWords, drawConfigurations } from "../draw/draw_configurations.js";
import { drawEffect, effectsDomain } from "../draw/draw_effect.js";
import { drawHeat } from "../draw/draw_heat.js";
import { drawHistogram } from "../draw/draw_histogram.js";
import { drawInterval, drawIntervalAxis, intervalDomain } from "../draw/draw_interval.js";
import { drawOverTime } from "../draw/draw_over_time.js";
import { drawShares } from "../draw/draw_shares.js";
import { drawTradeOff } from "../draw/draw_trade_off.js";
import { countText, shortValue } from "../draw/numbers.js";
import { escapeXml } from "../draw/svg.js";
import { fitText, plainText } from "../draw/text.js";
import type { View } from "../view.ts";
import { bestWords } from "./best_words.ts";
import {
  bestData,
  concentratedWords,
  configurationsData,
  type DataTable,
  effectsData,
  heatData,
  mattersData,
  overTimeData,
} from "./data_tables.ts";
import { footWords } from "./foot_words.ts";
import {
  choiceWords,
  countWords,
  failuresHeading,
  filterWords,
  heatHeading,
  matterWords,
} from "./head_words.ts";
import { matrixHtml, scrolled } from "./matrix_html.ts";
import { REPORT_CSS } from "./report_css.ts";
import type { ReportFacts } from "./report_facts.ts";

/** The size of a report that can be sent by mail. */
export const MAX_BYTES = 300_000;

/** A report's figure is drawn for two widths, since text of a scaled picture is too small. */
const WIDE = 640;
const NARROW = 340;
const EFFECT = 300;
const GLYPH = 260;

/** What is left out, step by step, of a report that would be too large. */
interface Detail {
  /** The most rows of a table of data. */
  readonly rows: number;
  readonly hasNarrow: boolean;
  readonly hasLarge: boolean;
}

/** Returns a report as one HTML file that needs no script and no other file, of at most {@linkcode MAX_BYTES}. */
export function reportHtml(view: View, facts: ReportFacts): string {
  const details: readonly Detail[] = [
    { rows: facts.rows, hasNarrow: true, hasLarge: true },
    { rows: Math.min(facts.rows, 50), hasNarrow: true, hasLarge: true },
    { rows: Math.min(facts.rows, 20), hasNarrow: false, hasLarge: true },
  ];
  for (const detail of details) {
    const html = page(view, facts, detail);
    if (new TextEncoder().encode(html).length <= MAX_BYTES) return html;
  }
  return page(view, facts, { rows: Math.min(facts.rows, 10), hasNarrow: false, hasLarge: false });
}

/** Returns the figures of a view as HTML without a document around them, for notebooks. */
export function figuresHtml(view: View): string {
  const detail = { rows: 20, hasNarrow: false, hasLarge: true };
  const ids = /( id="|url\(#)([\w-]+)/g;
  // Several outputs are in one document.
  return outputHtml(figures(view, detail).replace(ids, `$1${prefix()}$2`));
}

/** Returns figures with their colours, without a document around them. */
export function outputHtml(own: string): string {
  // The rest of the notebook keeps its own colours.
  const css = colorsCss().replaceAll(":root", ".report") + REPORT_CSS;
  return `<style>${css}</style><div class="report">${own}</div>`;
}

let outputs = 0;

/** Returns a prefix of ids that no other output has. */
function prefix(): string {
  return `stet-${Date.now().toString(36)}-${outputs++}-`;
}

function page(view: View, facts: ReportFacts, detail: Detail): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="generator" content="stet ${escapeXml(facts.version)}">
<title>${escapeXml(plainText(facts.title))}</title>
<style>${colorsCss()}${REPORT_CSS}</style>
</head>
<body class="report">
${content(view, facts, detail)}
</body>
</html>
`;
}

function content(view: View, facts: ReportFacts, detail: Detail): string {
  return [head(view, facts), figures(view, detail), foot(view, facts)].join("\n");
}

function figures(view: View, detail: Detail): string {
  return [
    "<main>",
    section("Best configurations", best(view, detail), true),
    section("What matters", matters(view, detail), true),
    section(heatHeading(view), heat(view, detail), (view.heat?.z?.parts.length ?? 1) > 1),
    section(
      view.evals === null ? "" : `${view.evals.text.replace(/^result\./, "")} by ${byAxes(view)}`,
      matrixHtml(view),
      true,
    ),
    section("Trade-off", tradeOff(view, detail)),
    section(hasLines(view) ? "All configurations" : "All runs", configurations(view, detail)),
    section("Over time", overTime(view, detail)),
    section(failuresHeading(view), failures(view, detail), true),
    "</main>",
  ].filter((it) => it !== "").join("\n");
}

/** @param isWide True for a section as wide as the page; others are side by side. */
function section(heading: string, content: string, isWide = false): string {
  if (content === "") return "";
  const name = escapeXml(plainText(heading));
  return `<section${isWide ? ' class="all"' : ""}><h2>${name}</h2>${content}</section>`;
}

function head(view: View, facts: ReportFacts): string {
  const counts = countWords(view).split(" · ").map((it) =>
    it.endsWith(" failed") ? `<strong class="failed">${escapeXml(it)}</strong>` : escapeXml(it)
  ).join(" · ");
  const lines = [counts, escapeXml(choiceWords(view)), escapeXml(filterWords(view))];
  return `<header><h1>${escapeXml(plainText(facts.title))}</h1>${
    lines.filter((it) => it !== "").map((it) => `<p>${it}</p>`).join("")
  }${view.notes.map((it) => `<p class="note">${escapeXml(plainText(it))}</p>`).join("")}${
    view.progress.problem === null
      ? ""
      : `<p class="problem">${escapeXml(plainText(view.progress.problem))}</p>`
  }</header>`;
}

function foot(view: View, facts: ReportFacts): string {
  const lines = footWords(view, facts).map(([name, value]) =>
    `<p>${escapeXml(name)}: <code>${escapeXml(plainText(value))}</code></p>`
  );
  return `<footer>${lines.join("")}</footer>`;
}

function best(view: View, detail: Detail): string {
  const { best, choices } = view;
  if (best === null || best.rows.length === 0 || choices.metric === null) return "";
  const metric = choices.metric.label;
  const sentences = bestWords(view).map((phrases) =>
    phrases.map(({ text, isStrong }) =>
      isStrong ? `<strong>${escapeXml(text)}</strong>` : escapeXml(text)
    ).join("")
  );
  const texts = bestTexts(best, metric);
  const domain = intervalDomain(best.rows);
  const has = { sd: texts.sd.some((it) => it !== ""), took: texts.took.some((it) => it !== "") };
  const heads = [
    `<th scope="col">#</th>`,
    ...best.params.map((name) => `<th scope="col">${escapeXml(fitText(name, 180))}</th>`),
    `<th scope="col" class="number">${escapeXml(fitText(metric, 120))}</th>`,
    has.sd ? `<th scope="col" class="number">± sd</th>` : "",
    `<th scope="col" class="number">runs</th>`,
    `<th scope="col" class="glyph">${drawIntervalAxis(metric, { width: GLYPH, domain })}</th>`,
    has.took ? `<th scope="col" class="number">took</th>` : "",
  ].join("");
  const room = 560 / Math.max(best.params.length, 1);
  const rows = best.rows.map((row, i) => {
    const cells = row.values.map((value) => `<td>${valueHtml(value, room)}</td>`).join("");
    const glyph = drawInterval(row, { width: GLYPH, domain });
    return `<tr class="${i < best.ties && best.ties > 1 ? "tie" : ""}${row.few ? " few" : ""}">` +
      `<td>${i + 1}</td>${cells}<td class="number"><strong>${texts.mean[i]}</strong></td>` +
      (has.sd ? `<td class="number">${texts.sd[i]}</td>` : "") +
      `<td class="number">${texts.n[i]}</td><td class="glyph">${glyph}</td>` +
      (has.took ? `<td class="number">${texts.took[i]}</td>` : "") + "</tr>";
  });
  const name = "Best configurations";
  const table = scrolled(
    `<table class="best"><thead><tr>${heads}</tr></thead><tbody>${rows.join("")}</tbody></table>`,
    name,
  );
  const narrow = (): string => drawBest(best, { ...optionsOf(view), width: NARROW });
  const legend = has.sd
    ? `<p class="note">Dot: mean. Bar: ± one standard deviation. Line: least to most.</p>`
    : "";
  return `<p>${sentences.join(" ")}</p>${both(name, table, narrow, true)}${legend}${
    dataOf(bestData(view), detail, "the best configurations")
  }`;
}

function matters(view: View, detail: Detail): string {
  const { matters, effects, choices } = view;
  if (choices.metric === null || matters === null && effects.length === 0) return "";
  const shares = matters === null
    ? ""
    : `<div>${
      drawShares(matters, { ...optionsOf(view), width: NARROW, over: choices.over })
    }<p class="note">${escapeXml(matterWords(view).replaceAll(" %", "\u00a0%"))}</p></div>`;
  const domain = effectsDomain(effects);
  const drawn = effects.slice(0, 12)
    .map((effect) =>
      `<div>${drawEffect(effect, { ...optionsOf(view), width: EFFECT, domain })}</div>`
    );
  const more = effects.length > drawn.length
    ? `<p class="note">${
      effects.length - drawn.length
    } params with smaller shares are in the data.</p>`
    : "";
  const legend = effects.length > 0
    ? `<p class="note">Dots are means of configurations, bands their 10–90 %, rings the best one.</p>`
    : "";
  return `<div class="flow">${shares}${drawn.join("")}</div>${legend}${more}${
    dataOf(mattersData(view), detail, "the shares")
  }${dataOf(effectsData(view), detail, "the effects")}`;
}

function byAxes({ evals }: View): string {
  return evals === null
    ? ""
    : `${evals.row.label}${evals.column === null ? "" : ` and ${evals.column.label}`}`;
}

function heat(view: View, detail: Detail): string {
  const { heat } = view;
  if (heat === null || heat.cells.value.length === 0 || view.rows === 0) return "";
  if (heat.y === null && view.effects.length > 0) return ""; // the effect shows it
  const panels = heat.z?.parts.length ?? 1;
  if (!detail.hasLarge && heat.cells.value.length > 4000) {
    return `<p class="note">The map has ${
      countText(heat.cells.value.length)
    } cells, too many for this file.</p>`;
  }
  const wide = drawHeat(heat, { ...optionsOf(view), width: panels > 1 ? 1180 : WIDE, id: "heat" });
  const narrow = (): string =>
    drawHeat(heat, { ...optionsOf(view), width: NARROW, id: "heat-narrow" });
  const { failed, running, value } = heat.cells;
  const legend = [
    `Coloured by rank${heat.lower === null ? "" : ", the strongest is the best"}.`,
    heat.best >= 0 ? "Framed: the best." : "",
    failed.some((it) => it > 0) ? "◥ some runs failed." : "",
    value.some((it) => it === null) ? "Hatched: no number." : "",
    running.some((it) => it > 0) ? "● runs under way." : "",
  ].filter((it) => it !== "").join(" ");
  return `${both("Map", wide, narrow, detail.hasNarrow)}<p class="note">${legend}</p>${
    dataOf(heatData(view), detail, "the map")
  }`;
}

function tradeOff(view: View, detail: Detail): string {
  const { configurations, choices } = view;
  if (!configurations?.other || choices.other === null) return "";
  const options = { ...optionsOf(view), other: choices.other };
  const draw = (width: number): string => drawTradeOff(configurations, { ...options, width });
  return `${
    both("Trade-off", draw(WIDE), () => draw(NARROW), detail.hasNarrow)
  }<p class="note">The line is the front: no configuration is better in both.</p>`;
}

/** The lines of one param would say no more than its effect. */
function hasLines({ configurations }: View): boolean {
  return configurations !== null && configurations.axes.length > 1;
}

function configurations(view: View, detail: Detail): string {
  const { configurations } = view;
  if (configurations === null || configurations.mean.length < 2) return "";
  const { histogram } = configurations;
  const draw = (width: number): string =>
    (hasLines(view) ? drawConfigurations(configurations, { ...optionsOf(view), width }) : "") +
    (histogram.counts.length > 1 ? drawHistogram(histogram, { ...optionsOf(view), width }) : "");
  const note = hasLines(view) ? `<p class="note">${configurationsWords(configurations)}</p>` : "";
  const drawn = both("Configurations", draw(WIDE), () => draw(NARROW), detail.hasNarrow);
  return `${drawn}${note}${dataOf(configurationsData(view), detail, "all configurations")}`;
}

function failures({ failures }: View, { rows }: Detail): string {
  if (failures.length === 0) return "";
  const items = failures.slice(0, rows).map((group) => {
    const words = concentratedWords(group);
    return `<tr><td class="number"><strong>${countText(group.count)}</strong></td><td><code>${
      escapeXml(fitText(group.line, 2400))
    }</code>${
      words === "" ? "" : `<br><small>${escapeXml(fitText(words, 1200))}</small>`
    }</td></tr>`;
  });
  return `<table class="failures"><tbody>${items.join("")}</tbody></table>`;
}

function overTime(view: View, detail: Detail): string {
  const { over_time } = view;
  if (over_time === null || over_time.done.length < 2) return "";
  const options = optionsOf(view);
  const wide = drawOverTime(over_time, { ...options, width: WIDE, id: "time" });
  const narrow = (): string =>
    drawOverTime(over_time, { ...options, width: NARROW, id: "time-narrow" });
  return `${both("Over time", wide, narrow, detail.hasNarrow)}${
    dataOf(overTimeData(view), detail, "the times")
  }`;
}

/** Options of figures in a report. */
function optionsOf({ choices }: View): {
  better: "lower" | "higher";
  metric: string;
  still: true;
} {
  return { better: choices.better, metric: choices.metric?.label ?? "", still: true };
}

/**
 * Returns a figure for wide and narrow screens. Readers without the style sheet see the wide one; where the file
 * has no room for the other, it scrolls.
 */
function both(name: string, wide: string, narrow: () => string, hasNarrow: boolean): string {
  return hasNarrow
    ? `<div class="wide">${wide}</div><div class="narrow" hidden>${narrow()}</div>`
    : scrolled(wide, name);
}

function valueHtml(value: string, room: number): string {
  const short = shortValue(value);
  const shown = fitText(short, room * 1.8);
  const title = shown === plainText(value)
    ? ""
    : ` title="${escapeXml(plainText(value.slice(0, 2000)))}"`;
  return `<span${title}>${escapeXml(shown)}</span>`;
}

/** The data of a figure, closed until a reader opens it. */
function dataOf({ columns, rows }: DataTable, detail: Detail, name: string): string {
  if (rows.length === 0 || detail.rows === 0) return "";
  const shown = rows.slice(0, detail.rows);
  const cell = (value: string | number | null): string =>
    typeof value === "number"
      ? `<td class="number">${Number(value.toPrecision(6))}</td>`
      : `<td>${value === null ? "" : escapeXml(fitText(value, 900))}</td>`;
  const more = rows.length > shown.length
    ? `<p class="note">The first ${countText(shown.length)} of ${countText(rows.length)} rows.</p>`
    : "";
  const heads = columns.map((it) => `<th scope="col">${escapeXml(plainText(it))}</th>`);
  const lines = shown.map((row) => `<tr>${row.map(cell).join("")}</tr>`);
  const table = `<table><thead><tr>${heads.join("")}</tr></thead><tbody>${
    lines.join("")
  }</tbody></table>`;
  return `<details><summary>Data of ${name}</summary>${
    scrolled(table, `Data of ${name}`)
  }${more}</details>`;
}
