import { counted } from "../../core/display/counted.ts";
import process from "node:process";
import { isKnown, withStore } from "../../core/contract/open_existing.ts";
import { cutText, displayWidth, padText } from "../../core/display/display_width.ts";
import type { Row } from "../../core/values/value.ts";
import { argumentText } from "../../core/values/argument_text.ts";
import { asStored } from "../grids/as_stored.ts";
import { barText } from "../../core/display/bar_text.ts";
import { type Command, command } from "../command.ts";
import { countCoverage, type Coverage, STATES } from "../grids/count_coverage.ts";
import { gridNote, gridOptions, readGrid } from "../grids/grid.ts";
import { keyOnly, pairsText } from "../grids/pairs_text.ts";
import { flag, oneOf, option, storeArgument, text } from "../options.ts";
import { registry } from "../registry.ts";
import { rowJson, valueJson } from "../terminal/row_json.ts";

/** Maximum number of lines for one axis: values of longer ones are grouped. */
const MAX_LINES = 12;
const MAX_LABEL = 36;
const MAX_BAR = 30;

/** `stet coverage`. */
export const coverage: Command = command({
  name: "coverage",
  summary: "how much of a grid is done, missing, failed, running",
  usage: ["[store] -g name=values ... [--list state] [--json]"],
  about:
    `Counts which combinations of a grid are done: those of which a row agrees on the grid's names. A row
     without a param counts as having the --default of the newest sweep. The table says for each value of each axis how many of its combinations are done.`,
  arguments: { store: storeArgument },
  options: {
    ...gridOptions,
    list: option(
      oneOf("state", [...STATES, "outside"]),
      `print the combinations that are missing, failed, running or done instead, or the rows outside the
       grid`,
    ),
    json: flag("print one JSON object, with --list one for each combination: a file that -g takes"),
    namespace: option(text("name"), "count the rows of a namespace"),
  },
  notes: [gridNote],
  examples: [
    "runs.csv -g alpha=0.1,0.5 -g seed=0..99",
    "runs.csv -g seed=0..99 --list missing --json > todo.jsonl",
  ],
  async run({ store, list, json, namespace, ...values }, { log, error }): Promise<void> {
    const given = await readGrid(values, error);
    const print = (row: Row): void => log(json ? rowJson(row) : pairsText(row));
    await withStore(registry, store, {}, async (backend) => {
      const grid = await asStored(given, backend, error);
      const onOutside = list === "outside" ? (row: Row) => print(keyOnly(row)) : undefined;
      const found = await countCoverage(backend, grid, namespace, onOutside);
      if (list === undefined) {
        for (const line of json ? [jsonOf(found)] : linesOf(found)) log(line);
      } else if (list !== "outside") { for (const row of found.inState(list)) print(row); }
    }, isKnown);
  },
});

function jsonOf({ grid, counts, outside, doneByPart, totalByPart }: Coverage): string {
  const axes = grid.factors.map(({ parts }, i) =>
    parts.map((params, j) => ({
      params,
      done: doneByPart[i]![j]!,
      total: totalByPart[i]![j]!,
    }))
  );
  return valueJson({ total: grid.count, ...counts, outside, axes }, "coverage");
}

function linesOf(found: Coverage): string[] {
  const { grid, counts: { done, missing, failed, running }, outside, elsewhere } = found;
  return [
    `[stet] ${done} of ${grid.count} done (${Math.floor(done / grid.count * 100)}%): ${missing} ` +
    `missing, ${failed} failed, ${running} running; ${counted(outside, "row")} outside the grid`,
    ...elsewhere > 0
      ? [`[stet] ${counted(elsewhere, "row")} of other namespaces: see --namespace`]
      : [],
    ...tableLines(found, process.stdout.columns || 80),
  ];
}

/** Returns a line for each value of each axis, at most as wide as the terminal. */
function tableLines({ grid, doneByPart, totalByPart }: Coverage, width: number): string[] {
  const lines = grid.factors.flatMap(({ names, parts }, i) => {
    const size = Math.ceil(parts.length / MAX_LINES);
    return Array.from({ length: Math.ceil(parts.length / size) }, (_, j) => {
      const group = <T>(all: readonly T[]): T[] => all.slice(j * size, (j + 1) * size);
      return {
        label: labelOf(names, group(parts)),
        done: sumOf(group(doneByPart[i]!)),
        total: sumOf(group(totalByPart[i]!)),
      };
    });
  }).filter(({ total }) => total > 0);
  const labelWidth = Math.max(...lines.map(({ label }) => displayWidth(label)));
  const counts = lines.map(({ done, total }) => `${done}/${total}`);
  const countWidth = Math.max(...counts.map(({ length }) => length));
  const room = Math.min(MAX_BAR, width - labelWidth - countWidth - 4);
  return lines.map(({ label, done, total }, i) =>
    `${padText(label, labelWidth)}  ${counts[i]!.padStart(countWidth)}` +
    (room < 5 ? "" : `  ${barText(done / total, room)}`)
  );
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function labelOf(names: readonly string[], members: readonly Row[]): string {
  const text = (part: Row): string => Object.values(part).map(argumentText).join(",");
  const [first, last] = [text(members[0]!), text(members.at(-1)!)];
  const values = members.length === 1 ? first : `${first} … ${last}`;
  return cutText(`${names.join(",")}=${values}`, MAX_LABEL);
}
