import { table } from "../../backends/table.ts";
import { DEFAULT_STORE } from "../../core/contract/registry.ts";
import { barLines } from "../../figures/terminal/bar_lines.ts";
import { heatLines } from "../../figures/terminal/heat_lines.ts";
import type { TerminalOptions } from "../../figures/terminal/paint.ts";
import { effectLines, seriesLines } from "../../figures/terminal/plot_lines.ts";
import { matterWords } from "../../figures/report/head_words.ts";
import type { View, ViewQuery } from "../../figures/view.ts";
import { type Command, command } from "../command.ts";
import { type Argument, oneOf, option, text } from "../options.ts";
import { sentenceLines } from "../results/sentence_lines.ts";
import { terminalOptions } from "../results/terminal_options.ts";
import { viewOfStore } from "../results/view_of_store.ts";
import { queryOf, viewOptions } from "../results/view_options.ts";
import { UsageError } from "../usage_error.ts";
import { headLines, missingMetric } from "./best.ts";

const AGGREGATES = ["mean", "median", "best", "worst", "sd", "n", "took", "done"] as const;

const { metric: _, ...options } = viewOptions;

/** True if a text names a kind of store by its extension or scheme. */
function isStore(text: string): boolean {
  const name = text.toLowerCase();
  return Object.keys(table).some((key) =>
    key.startsWith(".") ? name.endsWith(key) : name.startsWith(key)
  );
}

/** `stet plot`. */
export const plot: Command = command({
  name: "plot",
  summary: "a result by one or two params, drawn in the terminal",
  usage: [
    "[store] result param [--by param]",
    "[store] result param param",
    "[store] [result]",
  ],
  about:
    `Draws the mean of a result by a param, with dotted lines around the middle 80 % of configurations;
     by two params as a heat map; without a param how much each one matters: its share of the result's
     variance. Colours and width are those of the terminal; 80 columns elsewhere.`,
  arguments: {
    store: {
      usage: "[store]",
      count: [0, 1],
      matches: isStore,
      read: ([store = DEFAULT_STORE]) => store,
    } as Argument<string>,
    names: {
      usage: "[result [param [param]]]",
      expects: "at most one store, a result and two params",
      count: [0, 3],
      read: (texts) => texts,
    } as Argument<readonly string[]>,
  },
  options: {
    by: option(text("param"), "one line for each of its values"),
    agg: option(
      oneOf("number", AGGREGATES),
      "number of a cell: mean, median, best, worst, sd, n, took or done (default: mean)",
    ),
    ...options,
  },
  examples: [
    "runs.csv loss lr",
    'runs.csv loss lr --by model --where "batch = 32"',
    "runs.csv loss lr batch",
    "runs.csv loss",
  ],
  async run({ store, names, by, agg, ...values }, { log }): Promise<void> {
    const [metric, x, y = by] = names;
    if (by !== undefined && (x === undefined || names.length > 2)) {
      throw new UsageError("--by wants a result and one param: stet plot loss lr --by model");
    }
    if (x !== undefined && x === y) {
      throw new UsageError(`"${x}" is named twice; name two params, or one`);
    }
    const query: ViewQuery = {
      ...queryOf({ ...values, metric }),
      ...x === undefined ? {} : { x, y: y ?? "", z: "" },
      ...agg === undefined ? {} : { agg },
    };
    const view = await viewOfStore(store, query);
    const terminal = terminalOptions();
    const drawn = linesOf(view, { x, y, isLine: by !== undefined }, terminal);
    if (drawn.length === 0) throw new UsageError(`no value of "${x}" that is shown has a number`);
    const notes = view.notes.flatMap((text) => sentenceLines(text, terminal));
    for (const line of [...headLines(view, terminal), "", ...drawn, ...notes]) log(line);
  },
});

function linesOf(
  view: View,
  { x, y, isLine }: {
    readonly x: string | undefined;
    readonly y: string | undefined;
    readonly isLine: boolean;
  },
  terminal: TerminalOptions,
): string[] {
  const { choices, heat } = view;
  if (choices.metric === null) throw new UsageError(missingMetric(view));
  const options = { ...terminal, metric: choices.metric.label };
  if (x === undefined) {
    const bars = barLines(view, terminal);
    if (bars.length === 0) throw new UsageError("no param varies, so none can matter");
    return [...bars, "", ...sentenceLines(matterWords(view), terminal)];
  }
  if (y !== undefined && heat !== null) {
    return isLine && heat.x.kind !== "texts"
      ? seriesLines(heat, options)
      : heatLines(heat, options);
  }
  const effect = view.effects.find(({ axis }) => axis.name === heat?.x.name);
  if (effect) return effectLines(effect, options);
  if (heat !== null && heat.x.parts.length > 1) return heatLines(heat, options);
  throw new UsageError(`"${x}" has one value, so there is nothing to draw`);
}
