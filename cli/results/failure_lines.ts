import path from "node:path";
import { counted } from "../../core/display/counted.ts";
import { displayWidth } from "../../core/display/display_width.ts";
import { fitCells } from "../../figures/terminal/fit_cells.ts";
import type { TerminalOptions } from "../../figures/terminal/paint.ts";
import type { FailureGroup } from "../../figures/view.ts";
import { pairsText } from "../grids/pairs_text.ts";
import type { ShownFailure } from "./shown_failures.ts";

/** Minimum width of a value that is cut. */
const MIN_VALUE = 12;

/** Returns the groups as lines: the count and the message, the params that concentrate it, and its newest run. */
export function groupLines(
  groups: readonly FailureGroup[],
  found: readonly ShownFailure[],
  { width, paint }: TerminalOptions,
): string[] {
  const byKey = new Map(found.map((failure) => [failure.key, failure]));
  const indent = Math.max(...groups.map(({ count }) => String(count).length)) + 3;
  const lines = groups.flatMap(({ count, line, concentrated, runs }) => {
    const values = concentratedWords(concentrated, width - indent);
    const newest = byKey.get(runs[0]!.key)!;
    const { attempt, namespace, log } = newest;
    const run = [
      pairsText(newest.params) + (namespace === undefined ? "" : `  (namespace ${namespace})`),
      counted(attempt, "attempt"),
      ...log === undefined ? [] : [shownPath(log)],
    ].join("; ");
    const head = `${String(count).padStart(indent - 3)} × `;
    return [
      head + paint.bold(fitCells(line, width - indent)),
      ...values === "" ? [] : [" ".repeat(indent) + fitCells(values, width - indent)],
      `${" ".repeat(indent)}${count === 1 ? "" : "newest: "}${run}`,
    ];
  });
  const rest = found.length - groups.reduce((sum, { count }) => sum + count, 0);
  return rest === 0 ? lines : [...lines, `${counted(rest, "more run")} with other messages`];
}

/** Returns the values that concentrate a group. The longest one is cut, so that the counts are kept. */
function concentratedWords(values: FailureGroup["concentrated"], width: number): string {
  const words = (cut: (value: string) => string): string =>
    values.map(({ name, value, count, of }) =>
      `${name} = ${/\s/.test(value) ? `'${cut(value)}'` : cut(value)} in ${
        count === of ? `all ${of}` : `${count} of ${of}`
      }`
    ).join(", ");
  const longest = Math.max(0, ...values.map(({ value }) => displayWidth(value)));
  const excess = Math.max(displayWidth(words((value) => value)) - width, 0);
  return words((value) => fitCells(value, Math.max(longest - excess, MIN_VALUE)));
}

/** Returns the path of a file from the present folder, if the file is in it. */
function shownPath(file: string): string {
  const relative = path.relative("", file);
  return relative.startsWith("..") ? file : relative;
}

/** Returns a failure in full as lines. */
export function failureLines(
  { params, namespace, error, stack, attempt, time, host, log }: ShownFailure,
): string[] {
  const text = stack === "" ? error : stack;
  return [
    `${pairsText(params)}${namespace === undefined ? "" : `  (namespace ${namespace})`}`,
    ...text.trimEnd().split("\n").map((line) => `  ${line}`),
    `  ${counted(attempt, "attempt")}, the last ${time}` +
    `${host === "" ? "" : ` on ${host}`}` +
    // A program's error may have said it already.
    `${log === undefined || text.includes(log) ? "" : `; its output: ${log}`}`,
  ];
}
