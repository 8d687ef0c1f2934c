import { counted } from "../../core/display/counted.ts";
import { ELAPSED, NAMESPACE, TIMESTAMP } from "../../core/values/columns.ts";
import { createExplain, type Difference, type Explanation } from "../../core/tools/explain.ts";
import { canonicalJson } from "../../core/values/json.ts";
import { resultOf } from "../../core/runs/result.ts";
import type { Row, Value } from "../../core/values/value.ts";
import { valueText } from "../../core/values/value_text.ts";
import { type Command, command } from "../command.ts";
import { durationText } from "../../core/display/duration_text.ts";
import { keyOnly, pairsText } from "../grids/pairs_text.ts";
import { pairsArgument, pairsNote, valuesOf } from "../grids/read_pair.ts";
import { flag, storeArgument } from "../options.ts";
import { registry } from "../registry.ts";
import { valueJson } from "../terminal/row_json.ts";
import { UsageError } from "../usage_error.ts";

const explainPairs = createExplain(registry, valuesOf);

/** `stet explain`. */
export const explain: Command = command({
  name: "explain",
  summary: "why a combination is done or not, and what comes nearest",
  usage: ["[store] name=value ... [--json]"],
  about:
    `Says whether a combination is done (when, how long it took, its result), is being run (by which
     process), failed (how often, the last error), or none of these; then the rows that come nearest, and
     where they differ.`,
  arguments: { pairs: pairsArgument, store: storeArgument },
  options: { json: flag("print it as one JSON object") },
  notes: [pairsNote],
  examples: ["alpha=0.1 seed=3", "runs.csv alpha=0.1 seed=3 --json"],
  async run({ store, pairs, json }, { log }): Promise<void> {
    if (pairs.length === 0) {
      throw new UsageError("say which combination, as in stet explain alpha=0.1 seed=3");
    }
    const explanation = await explainPairs(store, pairs);
    if (json) log(valueJson(explanation, "explanation"));
    else for (const line of explanationLines(explanation)) log(line);
  },
});

function explanationLines(explanation: Explanation): string[] {
  const { params, state, row, holder, failure, nearest, hints } = explanation;
  const what = `[stet] ${pairsText(params)}`;
  const lines: string[] = [];
  if (state === "done") lines.push(`${what} is done`, ...rowLines(row!));
  else if (state === "running") lines.push(`${what} is being run by ${holder}`);
  else if (state === "unknown") lines.push(`${what} is not done: it never ran, or was interrupted`);
  if (failure && state !== "done") {
    if (state === "failed") lines.push(`${what} failed`);
    const { attempt, time, error } = failure;
    lines.push(
      `  ${counted(attempt, "attempt")} failed, the last ${time}:`,
    );
    lines.push(...error.split("\n").map((line) => `    ${line}`));
  }
  if (state !== "done" && nearest.length > 0) {
    lines.push(
      "Nearest rows:",
      ...nearest.map(({ row, differences }) =>
        `  ${pairsText(keyOnly(row))}  (${differences.map(difference).join(", ")})`
      ),
    );
  }
  return [...lines, ...hints.map((hint) => `Note: ${hint}`)];
}

function rowLines(row: Row): string[] {
  const { [TIMESTAMP]: time, [ELAPSED]: elapsed, [NAMESPACE]: namespace } = row;
  const result = resultOf(row);
  const texts = [
    time !== undefined && `recorded ${time}`,
    typeof elapsed === "number" && `took ${durationText(elapsed)}`,
    namespace !== undefined && `namespace ${valueText(namespace)}`,
  ].filter((text) => text !== false);
  return [
    ...texts.length > 0 ? [`  ${texts.join(", ")}`] : [],
    ...result !== undefined ? [`  result: ${canonicalJson(result)}`] : [],
  ];
}

function difference({ column, asked, stored }: Difference): string {
  const text = (value: Value | undefined): string =>
    value === undefined ? "none" : valueText(value);
  return `${column}: ${text(asked)} asked, ${text(stored)} stored`;
}
