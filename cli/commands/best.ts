import { bestLines } from "../../figures/terminal/best_lines.ts";
import { bestWords } from "../../figures/report/best_words.ts";
import { choiceWords, filterWords } from "../../figures/report/head_words.ts";
import type { TerminalOptions } from "../../figures/terminal/paint.ts";
import type { View } from "../../figures/view.ts";
import { type Command, command } from "../command.ts";
import { count, flag, option, storeArgument } from "../options.ts";
import { sentenceLines } from "../results/sentence_lines.ts";
import { terminalOptions } from "../results/terminal_options.ts";
import { viewOfStore } from "../results/view_of_store.ts";
import { queryOf, viewOptions } from "../results/view_options.ts";
import { valueJson } from "../terminal/row_json.ts";
import { UsageError } from "../usage_error.ts";

/** `stet best`. */
export const best: Command = command({
  name: "best",
  summary: "the best configurations: the mean of a result over seeds, and its spread",
  about:
    `A configuration is one combination of the params that are not averaged over. Prints the best ones by
     the mean of a result: mean, standard deviation, number of runs, duration. In the glyph the dot is the
     mean, the thick line one standard deviation, the thin line from the least to the most.`,
  arguments: { store: storeArgument },
  options: {
    ...viewOptions,
    limit: option(count(1), "how many configurations", { short: "n", default: "10" }),
    json: flag("print a JSON object for each configuration instead"),
  },
  notes: [
    `Rows with a bar at their left are not told apart: their means are within the standard error of the
     best. Configurations with less than half of their runs come last.`,
  ],
  examples: [
    "",
    "runs.csv -m loss --over seed -n 5",
    `runs.csv -m accuracy --where "model = 'cnn'"`,
    "runs.csv --json | head -1",
  ],
  async run({ store, limit, json, ...values }, { log }): Promise<void> {
    const view = await viewOfStore(store, queryOf(values), { best: limit, hasParams: json });
    if (json) { for (const line of jsonLines(view)) log(line); }
    else for (const line of textLines(view)) log(line);
  },
});

function textLines(view: View): string[] {
  const options = terminalOptions();
  const lines = bestLines(view, options);
  if (lines.length === 0) throw new UsageError(missingMetric(view));
  return [
    ...headLines(view, options),
    "",
    ...lines,
    "",
    ...[
      ...bestWords(view).map((phrases) =>
        phrases.map(({ text, isStrong }) => isStrong ? options.paint.bold(text) : text).join("")
      ),
      ...view.notes,
    ].flatMap((text) => sentenceLines(text, options)),
  ];
}

/** Returns the choices of a view, and its filter. */
export function headLines(view: View, options: TerminalOptions): string[] {
  return [choiceWords(view), filterWords(view)].filter((text) => text !== "")
    .flatMap((text) => sentenceLines(text, options)).map(options.paint.dim);
}

/** Returns the message where no result is a number. */
export function missingMetric({ rows, choices, progress: { done, failed } }: View): string {
  if (done === 0) {
    return failed > 0
      ? `no run has succeeded, ${failed} failed; stet failures says why`
      : "no run has succeeded yet";
  }
  return rows === 0 && choices.where !== ""
    ? "no run fulfils the condition"
    : "no result is a number: save: true keeps results (--save of stet sweep, --result of stet run)";
}

function jsonLines({ best, choices }: View): string[] {
  return (best?.rows ?? []).map(({ params = {}, ...row }, i) => {
    const { mean, sd, least, most, n, failed, planned, took } = row;
    const numbers = JSON.stringify({
      metric: choices.metric?.name,
      ...{ mean, sd, least, most, n, failed, planned, took },
      tied: i < best!.ties,
    });
    return `{"params":${valueJson(params, "params")},${numbers.slice(1)}`;
  });
}
