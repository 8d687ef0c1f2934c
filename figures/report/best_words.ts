import type { View } from "../view.ts";
import { bestTexts } from "../draw/draw_best.js";
import { leadWords } from "../draw/lead_words.js";
import { countText, metricText, shortValue } from "../draw/numbers.js";
import { plainText } from "../draw/text.js";

/** A piece of a sentence. */
export interface Phrase {
  readonly text: string;
  readonly isStrong?: boolean;
}

/** The number of characters of a value in a sentence. */
const MAX_VALUE = 60;

/**
 * Returns sentences about the best configuration: its params and mean, the ones that cannot be told apart
 * from it, and the single best run if that is of another configuration.
 */
export function bestWords({ best, choices }: View): readonly (readonly Phrase[])[] {
  const first = best?.rows[0];
  if (!best || !first || !choices.metric) return [];
  const metric = choices.metric.label;
  const texts = bestTexts(best, metric);
  const spread = texts.sd[0] === "" ? "" : ` ${texts.sd[0]}`;
  const runs = first.n === 1 ? "1 run" : `${countText(first.n)} runs`;
  const isOnly = best.params.length === 0;
  const sentences: Phrase[][] = [[
    { text: isOnly ? "All runs are of one configuration: " : "Best: " },
    ...listed(best.params.map((name, i) => ({ name, value: first.values[i] ?? "" }))),
    { text: isOnly ? `${metric} ` : ` with ${metric} ` },
    { text: `${texts.mean[0]}${spread}`, isStrong: true },
    { text: ` (${runs}).` },
  ]];
  if (best.ties > 1) {
    sentences.push([{
      text: best.ties >= best.configurations
        ? "No configuration is told apart from another: all means are within the standard error of the best."
        : `The first ${
          countText(best.ties)
        } are not told apart: their means are within the standard error of the best.`,
    }]);
  }
  const lead = leadWords(best, metric);
  if (lead !== "") sentences.push([{ text: lead }]);
  if (best.luck) {
    const { value, params, replicate, place } = best.luck;
    const number = metricText(metric, [value, first.mean]);
    sentences.push([
      { text: `The single best run (${number(value)}) is of another configuration, ` },
      ...listed(params),
      { text: `, number ${countText(place)} by mean: the luck of ` },
      { text: replicate.map(({ name, value }) => `${name} ${shown(value)}`).join(", ") },
      { text: "." },
    ]);
  }
  if (best.rows.every(({ sd }) => sd === null) && !isOnly) {
    sentences.push([{ text: "Each configuration has one run, so there is no spread." }]);
  }
  return sentences;
}

function listed(params: readonly { readonly name: string; readonly value: string }[]): Phrase[] {
  return params.flatMap(({ name, value }, i) => [
    { text: `${i === 0 ? "" : ", "}${plainText(name)} ` },
    { text: shown(value), isStrong: true },
  ]);
}

/** Returns a value in a sentence: texts are in quotation marks if they have spaces. */
function shown(value: string): string {
  const short = shortValue(value);
  const cut = short.length > MAX_VALUE
    ? `${short.slice(0, MAX_VALUE - 20)}…${short.slice(-15)}`
    : short;
  return /\s|^$/.test(cut) ? `“${plainText(cut)}”` : plainText(cut);
}
