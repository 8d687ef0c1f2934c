import { standalone } from "../draw/colors.js";
import { drawBest } from "../draw/draw_best.js";
import { drawConfigurations } from "../draw/draw_configurations.js";
import { drawEffect, effectsDomain } from "../draw/draw_effect.js";
import { drawHeat } from "../draw/draw_heat.js";
import { drawHistogram } from "../draw/draw_histogram.js";
import { drawOverTime } from "../draw/draw_over_time.js";
import { drawShares } from "../draw/draw_shares.js";
import { drawTradeOff } from "../draw/draw_trade_off.js";
import { countText } from "../draw/numbers.js";
import { label, picture } from "../draw/svg.js";
import { plainText, wrapText } from "../draw/text.js";
import type { View } from "../view.ts";
import { bestWords } from "./best_words.ts";
import { concentratedWords } from "./data_tables.ts";
import { footWords } from "./foot_words.ts";
import {
  choiceWords,
  countWords,
  failuresHeading,
  filterWords,
  heatHeading,
} from "./head_words.ts";
import type { ReportFacts } from "./report_facts.ts";

/** The kinds of figures that are pictures of their own. */
export const FIGURES = [
  "best",
  "matters",
  "effects",
  "heat",
  "trade-off",
  "configurations",
  "histogram",
  "over-time",
] as const;

/** A kind of figure. */
export type Figure = typeof FIGURES[number];

const GAP = 28;
const MARGIN = 16;
const EFFECT = 290;
/** The most groups of failures in an SVG file. */
const MAX_FAILURES = 12;

/** A drawn figure and its size. */
interface Drawn {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

/** Returns one figure as an SVG file with its colours in it; undefined if the view has none of this kind. */
export function figureSvg(view: View, kind: Figure, width = 720): string | undefined {
  const svg = draw(view, kind, width);
  return svg === undefined ? undefined : standalone(svg);
}

/** Returns all figures of a view under another, as one SVG file. */
export function reportSvg(view: View, facts: ReportFacts, width = 760): string {
  const inner = width - 2 * MARGIN;
  const parts: string[] = [];
  let y = MARGIN + 14;
  const line = (
    text: string,
    more: { bold?: boolean; size?: number; fill?: string } = {},
  ): void => {
    parts.push(label(text, { x: MARGIN, y, width: inner, ...more }));
    y += (more.size ?? 12) + 7;
  };
  line(facts.title, { bold: true, size: 18 });
  for (const words of [countWords(view), choiceWords(view), filterWords(view), ...view.notes]) {
    for (const text of wrapText(words, inner, 3)) line(text, { fill: "dim" });
  }
  const sentences = bestWords(view).map((it) => it.map(({ text }) => text).join("")).join(" ");
  for (const text of wrapText(sentences, inner, 6)) line(text);
  for (const kind of FIGURES) {
    const svg = draw(view, kind, inner);
    if (svg === undefined) continue;
    y += GAP - 10;
    line(headings(view)[kind], { bold: true, size: 14 });
    const { height } = sizeOf(svg);
    parts.push(placed(svg, MARGIN, y - 8));
    y += height;
  }
  if (view.failures.length > 0) {
    y += GAP - 10;
    line(failuresHeading(view), { bold: true, size: 14 });
  }
  for (const group of view.failures.slice(0, MAX_FAILURES)) {
    line(`${countText(group.count)} × ${group.line}`);
    const words = concentratedWords(group);
    if (words !== "") line(words, { size: 11, fill: "dim" });
  }
  y += GAP;
  for (const [name, value] of footWords(view, facts)) {
    line(`${name}: ${value}`, { size: 11, fill: "dim" });
  }
  const name = `${facts.title}: ${choiceWords(view)}`;
  const options = { width, better: view.choices.better, metric: "", still: true };
  return standalone(picture(options, y + MARGIN - 8, name, parts));
}

function headings(view: View): Readonly<Record<Figure, string>> {
  return {
    best: "Best configurations",
    matters: "What matters",
    effects: "Effects",
    heat: plainText(heatHeading(view)),
    "trade-off": "Trade-off",
    configurations: "All configurations",
    histogram: "Distribution",
    "over-time": "Over time",
  };
}

function draw(view: View, kind: Figure, width: number): string | undefined {
  const { best, matters, effects, heat, configurations, over_time, choices } = view;
  const metric = choices.metric?.label;
  const options = { width, better: choices.better, metric: metric ?? "", still: true, id: kind };
  switch (kind) {
    case "best":
      return best && best.rows.length > 0 && metric !== undefined
        ? drawBest(best, options)
        : undefined;
    case "matters":
      return matters
        ? drawShares(matters, { ...options, width: Math.min(width, 480), over: choices.over })
        : undefined;
    case "effects":
      return effects.length > 0 ? effectsSvg(view, options) : undefined;
    case "heat":
      return heat && heat.cells.value.length > 0 && view.rows > 0
        ? drawHeat(heat, options)
        : undefined;
    case "trade-off":
      return configurations?.other && choices.other
        ? drawTradeOff(configurations, { ...options, other: choices.other })
        : undefined;
    case "configurations":
      return configurations && configurations.mean.length > 1 && configurations.axes.length > 1
        ? drawConfigurations(configurations, options)
        : undefined;
    case "histogram":
      return configurations && configurations.histogram.counts.length > 1
        ? drawHistogram(configurations.histogram, options)
        : undefined;
    case "over-time":
      return over_time && over_time.done.length > 1 ? drawOverTime(over_time, options) : undefined;
  }
}

/** Returns the effects in rows of as many as fit. */
function effectsSvg(
  { effects, choices }: View,
  options: { width: number; better: "lower" | "higher"; metric: string; still: boolean },
): string {
  const { width } = options;
  const across = Math.max(Math.floor((width + GAP) / (EFFECT + GAP)), 1);
  const own = Math.min((width - (across - 1) * GAP) / across, width);
  const domain = effectsDomain(effects);
  const drawn: Drawn[] = effects.slice(0, 12).map((effect) => {
    const svg = drawEffect(effect, { ...options, width: own, domain });
    return { svg, ...sizeOf(svg) };
  });
  const parts: string[] = [];
  let y = 0;
  for (let first = 0; first < drawn.length; first += across) {
    const row = drawn.slice(first, first + across);
    row.forEach(({ svg }, i) => parts.push(placed(svg, i * (own + GAP), y)));
    y += Math.max(...row.map(({ height }) => height)) + GAP / 2;
  }
  const name = `${choices.metric?.label ?? ""} by each param`;
  return picture(options, Math.max(y - GAP / 2, 1), name, parts);
}

function sizeOf(svg: string): { readonly width: number; readonly height: number } {
  const [, width, height] = /width="([\d.]+)" height="([\d.]+)"/.exec(svg) ?? [];
  return { width: Number(width), height: Number(height) };
}

function placed(svg: string, x: number, y: number): string {
  return svg.replace(/^<svg /, `<svg x="${Math.round(x)}" y="${Math.round(y)}" `);
}
