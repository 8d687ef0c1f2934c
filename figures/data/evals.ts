import type { Value } from "../../core/values/value.ts";
import type { Evals, ViewQuery } from "../view.ts";
import { allOf } from "./columns/condition_of.ts";
import { nameOf } from "./columns/name_of.ts";
import { wordsOf } from "./better_of.ts";
import { labelOf, shortLabel } from "./view_axis.ts";
import type { Selection } from "./selection.ts";

/** Names of texts that are a program's output. */
const OUTPUT = /^(?:output|answer|response|completion|text|reply|message|translation|summary)$/;
/** Names of params that are the rows of the matrix, and its columns. */
const PROMPT = /^(?:prompt|template|question|case|example|sample|task|input)s?$/;
const MODEL = /^(?:model|models|llm|engine|provider)$/;
/** The mean length of a text that is an output whatever its name is. */
const MIN_LENGTH = 24;
/** The most and fewest characters of an output, and of all. */
const MAX_OUTPUT = 600;
const MIN_OUTPUT = 60;
const MAX_OUTPUTS = 40_000;

/** The runs of a cell: counts, and the run whose text is shown. */
interface Found {
  n: number;
  sum: number;
  means: number;
  failed: number;
  run: number;
  like: boolean;
}

/** Returns the matrix of texts; null without a text. */
export function evalsOf(selection: Selection, query: ViewQuery): Evals | null {
  const { choices, columns } = selection;
  const text = query.text === undefined || query.text === ""
    ? defaultText(selection)
    : nameOf(query.text, choices.texts, "the text");
  if (text === undefined) return null;
  const names = choices.params.map(({ name }) => name);
  const varying = choices.params.filter(({ values }) => values > 1).map(({ name }) => name);
  const [row, column] = matrixAxes(selection, query, names, varying);
  if (row === undefined) return null;
  const down = selection.axis(row);
  const across = column === undefined ? undefined : selection.axis(column);
  const width = across?.axis.parts.length ?? 1;
  const axes = column === undefined ? [row] : [row, column];
  const cells = selection.cellsBy(axes, choices.metric);
  const rowParts = selection.partsOf(cells, row);
  const columnParts = column === undefined ? undefined : selection.partsOf(cells, column);
  const found = new Map<number, Found>();
  const at = (r: number, c: number): Found => {
    const key = r * width + c;
    let cell = found.get(key);
    if (!cell) found.set(key, cell = { n: 0, sum: 0, means: 0, failed: 0, run: -1, like: false });
    return cell;
  };
  const placed = Array.from({ length: cells.count }, (_, i) => {
    const [r, c] = [rowParts[i]!, columnParts?.[i] ?? 0];
    return r < 0 || c < 0 ? undefined : at(r, c);
  });
  for (const [i, cell] of placed.entries()) {
    if (!cell) continue;
    cell.n += cells.rows[i]!;
    if (cells.n[i]! === 0) continue;
    cell.sum += cells.mean[i]!;
    cell.means++;
  }
  // Texts are compared: all are of the first run's values of the other params, such as its test case.
  const others = varying.filter((name) => !axes.includes(name));
  let wanted: readonly (Value | undefined)[] | undefined;
  let left = found.size;
  for (let i = 0; i < columns.length && left > 0; i++) {
    const cell = cells.ids[i]! < 0 ? undefined : placed[cells.ids[i]!];
    if (!cell || cell.like) continue;
    wanted ??= others.map((name) => columns.at(name, i));
    cell.like = others.every((name, at) => isSame(columns.at(name, i), wanted![at]));
    if (cell.run === -1 || cell.like) cell.run = i;
    if (cell.like) left--;
  }
  for (const { params } of selection.failures) {
    if (!axes.every((name) => Object.hasOwn(params, name))) continue;
    const [r, c] = [down.partOf(params[row]), across ? across.partOf(params[column!]) : 0];
    if (r >= 0 && c >= 0) at(r, c).failed++;
  }
  const limit = Math.max(MIN_OUTPUT, Math.min(MAX_OUTPUT, Math.floor(MAX_OUTPUTS / found.size)));
  return {
    text,
    row: down.axis,
    column: across?.axis ?? null,
    others: (wanted ?? []).map((value, i) => (
      { name: selection.label(others[i]!), value: shortLabel(value) }
    )),
    cells: [...found].sort(([a], [b]) => a - b).map(([key, cell]) => {
      const value = cell.run === -1 ? undefined : columns.at(text, cell.run);
      const output = typeof value === "string" ? value : "";
      return {
        row: Math.floor(key / width),
        column: key % width,
        n: cell.n,
        failed: cell.failed,
        value: cell.means === 0 ? null : cell.sum / cell.means,
        output: startOf(output, limit),
        cut: output.length > limit,
        like: cell.like,
        where: cell.run === -1
          ? null
          : allOf(varying.map((name) => selection.shown(name, columns.at(name, cell.run)).where)),
      };
    }),
  };
}

/** True if two values are equal. */
function isSame(a: Value | undefined, b: Value | undefined): boolean {
  return a === b || typeof a === "object" && labelOf(a) === labelOf(b);
}

function defaultText({ choices: { texts }, columns }: Selection): string | undefined {
  const lengthOf = (name: string): number => {
    const { length, texts } = columns.get(name)!.counts;
    return length / texts;
  };
  return texts.find((name) => OUTPUT.test(wordsOf(name).at(-1) ?? "")) ??
    texts.filter((name) => lengthOf(name) >= MIN_LENGTH)
      .sort((a, b) => lengthOf(b) - lengthOf(a))[0];
}

function matrixAxes(
  selection: Selection,
  query: ViewQuery,
  names: readonly string[],
  varying: readonly string[],
): (string | undefined)[] {
  const given = (name: string | undefined): string | undefined =>
    name === undefined || name === "" ? undefined : nameOf(name, names, "an axis");
  let [row, column] = [given(query.row), given(query.column)];
  const configurations = varying.filter((name) => !selection.choices.over.includes(name));
  const free = (configurations.length > 0 ? configurations : varying)
    .filter((name) => name !== row && name !== column);
  const named = (pattern: RegExp): string | undefined =>
    free.find((name) => pattern.test(wordsOf(name).at(-1) ?? ""));
  const texts = free.filter((name) => selection.axis(name).axis.kind === "texts");
  const lengthOf = (name: string): number =>
    selection.axis(name).axis.parts.reduce((sum, { label }) => Math.max(sum, label.length), 0);
  const longest = [...texts].sort((a, b) => lengthOf(b) - lengthOf(a));
  row ??= named(PROMPT) ?? longest[0] ?? free[0];
  if (column === undefined && query.column === undefined) {
    const others = free.filter((name) => name !== row);
    column = others.find((name) => MODEL.test(wordsOf(name).at(-1) ?? "")) ??
      longest.find((name) => name !== row) ?? others[0];
  }
  return [row, column];
}

/** Returns the start of a text, without half of a character at its end. */
function startOf(text: string, length: number): string {
  if (text.length <= length) return text;
  const isSplit = /[\uD800-\uDBFF]/.test(text[length - 1]!);
  return text.slice(0, isSplit ? length - 1 : length);
}
