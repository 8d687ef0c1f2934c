import { bestTexts } from "../draw/draw_best.js";
import { countText, shortValue } from "../draw/numbers.js";
import { fitText, plainText } from "../draw/text.js";
import { barLines } from "../terminal/bar_lines.ts";
import { heatLines } from "../terminal/heat_lines.ts";
import { intervalText } from "../terminal/interval_text.ts";
import { paintOf } from "../terminal/paint.ts";
import { effectLines } from "../terminal/plot_lines.ts";
import { intervalDomain } from "../draw/draw_interval.js";
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
  matterWords,
} from "./head_words.ts";
import type { ReportFacts } from "./report_facts.ts";

const WIDTH = 100;
const GLYPH = 24;
/** The width of a value, in pixels of a line. */
const MAX_VALUE = 320;
const MAX_EFFECTS = 6;
const EFFECT_LEGEND = "Below, lines are means of configurations, and dots their 10–90 %.";
const HEAT_LEGEND =
  "In brackets: the best. `!`: some runs failed. `·`: no number. A fuller block is better.";

/** Returns a report in Markdown: tables, and figures as text. */
export function reportMarkdown(view: View, facts: ReportFacts): string {
  const { choices } = view;
  const metric = choices.metric?.label ?? "";
  const options = { width: WIDTH, paint: paintOf("none"), metric };
  const heat = view.heat && view.heat.y ? heatLines(view.heat, options) : [];
  const sentences = bestWords(view).map((phrases) =>
    phrases.map(({ text, isStrong }) => isStrong ? `**${escaped(text)}**` : escaped(text)).join("")
  );
  const paragraphs = [
    `# ${escaped(facts.title)}`,
    ...[countWords(view), choiceWords(view), filterWords(view), ...view.notes].map(escaped),
    ...section("Best configurations", [sentences.join(" "), bestTable(view)]),
    ...section("What matters", [
      block(barLines(view, options)),
      escaped(matterWords(view)),
      view.effects.some(({ axis }) => axis.kind !== "texts") ? EFFECT_LEGEND : "",
    ]),
    ...view.effects.slice(0, MAX_EFFECTS).flatMap((effect) =>
      section(`${metric} by ${effect.axis.label}`, [block(effectLines(effect, options))], 3)
    ),
    ...section(heatHeading(view), [block(heat), heat.length === 0 ? "" : HEAT_LEGEND]),
    ...section(failuresHeading(view), [failures(view, facts.rows)]),
    "---",
    ...footWords(view, facts).map(([name, value]) => `${name}: ${code(value)}`),
  ];
  return `${paragraphs.filter((it) => it !== "").join("\n\n")}\n`;
}

function section(heading: string, parts: readonly string[], level = 2): string[] {
  const shown = parts.filter((it) => it !== "");
  return shown.length === 0 ? [] : [`${"#".repeat(level)} ${escaped(heading)}`, ...shown];
}

function bestTable({ best, choices }: View): string {
  if (best === null || best.rows.length === 0 || choices.metric === null) return "";
  const texts = bestTexts(best, choices.metric.label);
  const domain = intervalDomain(best.rows);
  const head = [
    ...best.params,
    choices.metric.label,
    "± sd",
    "runs",
    "mean ± sd, least to most",
    "took",
  ];
  const lines = best.rows.map((row, i) => {
    const { mean, sd, least, most } = row;
    const glyph = intervalText(
      {
        thin: [least, most],
        thick: sd === null ? null : [Math.max(mean - sd, least), Math.min(mean + sd, most)],
        dot: mean,
      },
      domain,
      GLYPH,
    );
    const values = row.values.map((value) => escaped(fitText(shortValue(value), MAX_VALUE)));
    return [
      ...values,
      `**${texts.mean[i]}**`,
      texts.sd[i]!,
      texts.n[i]!,
      `\`${glyph}\``,
      texts.took[i]!,
    ];
  });
  const numbers = [...best.params.map(() => "---"), "---:", "---:", "---:", "---", "---:"];
  return [head.map(escaped), numbers, ...lines].map((cells) => `| ${cells.join(" | ")} |`).join(
    "\n",
  );
}

function failures({ failures }: View, rows: number): string {
  return failures.slice(0, rows).map((group) => {
    const words = concentratedWords(group);
    return `- **${countText(group.count)}** ${code(group.line)}${
      words === "" ? "" : `: ${escaped(words)}`
    }`;
  }).join("\n");
}

function block(lines: readonly string[]): string {
  if (lines.length === 0) return "";
  const text = lines.join("\n");
  const fence = "`".repeat(Math.max(3, longestTicks(text) + 1));
  return `${fence}text\n${text}\n${fence}`;
}

function code(text: string): string {
  const line = plainText(text);
  const ticks = "`".repeat(longestTicks(line) + 1);
  const space = /^`|`$/.test(line) ? " " : "";
  return `${ticks}${space}${line}${space}${ticks}`;
}

function longestTicks(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
}

/** Returns a text in which Markdown and HTML have no meaning. */
function escaped(text: string): string {
  return plainText(text).replace(/[\\`*_{}[\]<>#|~&]/g, "\\$&");
}
