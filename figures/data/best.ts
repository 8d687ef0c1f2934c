import { NAMESPACE } from "../../core/values/columns.ts";
import { canonicalJson } from "../../core/values/json.ts";
import { entryOf, type Row, setEntry, type Value } from "../../core/values/value.ts";
import type { Best, BestRow, Luck, Named } from "../view.ts";
import type { Cells } from "./columns/cells.ts";
import { keyOf } from "./columns/column.ts";
import { allOf } from "./columns/condition_of.ts";
import type { Selection } from "./selection.ts";
import { labelOf } from "./view_axis.ts";

/** The ranking of configurations. */
export interface Ranking {
  /** Cells with a number, the best first; those with few runs last. */
  readonly order: readonly number[];
  /** The number of cells that have not few runs. */
  readonly full: number;
  /** The number of runs wanted of a configuration; null if unknown. */
  readonly planned: number | null;
}

/** Returns the configurations in their order. */
export function rankingOf(selection: Selection): Ranking {
  const { cells, sign } = selection;
  const planned = plannedRuns(selection);
  const few: number[] = [];
  const enough: number[] = [];
  for (let cell = 0; cell < cells.count; cell++) {
    const n = cells.n[cell]!;
    if (n > 0) (planned !== null && n < planned / 2 ? few : enough).push(cell);
  }
  const { mean } = cells;
  const byMean = (a: number, b: number): number => sign * (mean[a]! - mean[b]!) || a - b;
  const order = [...enough.sort(byMean), ...few.sort(byMean)];
  return { order, full: enough.length, planned };
}

/** Returns the best configurations; null if no run has a number. */
export function bestOf(
  selection: Selection,
  ranking: Ranking,
  limit: number,
  hasParams: boolean,
): Best | null {
  const { cells, params, sign } = selection;
  const { order, planned } = ranking;
  const [first] = order;
  if (first === undefined) return null;
  const failed = failuresByCell(selection, order.slice(0, limit));
  const error = Math.sqrt(varianceOf(cells, first) ?? 0) / Math.sqrt(cells.n[first]!);
  const top = order.slice(0, Math.max(1, ranking.full));
  const worse = top.findIndex((cell) => sign * (cells.mean[cell]! - cells.mean[first]!) > error);
  const ties = worse === -1 ? top.length : worse;
  return {
    params,
    rows: order.slice(0, limit).map((cell, i): BestRow => {
      const values = params.map((name) =>
        selection.shown(name, selection.columns.at(name, cells.first[cell]!))
      );
      const variance = varianceOf(cells, cell);
      return {
        values: values.map(({ label }) => label),
        ...hasParams && { params: paramsOf(selection, cell) },
        where: params.length === 0 ? null : allOf(values.map(({ where }) => where)),
        mean: cells.mean[cell]!,
        sd: variance === null ? null : Math.sqrt(variance),
        least: cells.least[cell]!,
        most: cells.most[cell]!,
        n: cells.n[cell]!,
        failed: failed[i]!,
        // A configuration outside of the plan can have more.
        planned: planned !== null && cells.n[cell]! > planned ? null : planned,
        took: Number.isNaN(cells.took[cell]) ? null : cells.took[cell]!,
        few: planned !== null && cells.n[cell]! < planned / 2,
      };
    }),
    configurations: order.length,
    ties,
    luck: luckOf(selection, ranking, ties),
  };
}

/** Returns the params of a cell. */
function paramsOf({ cells, columns, params }: Selection, cell: number): Row {
  const row: Row = {};
  for (const name of params) {
    const value = columns.at(name, cells.first[cell]!);
    if (value !== undefined) setEntry(row, name, value);
  }
  return row;
}

/** Returns the sample variance of the runs of a cell; null for fewer than two. */
function varianceOf({ n, m2 }: Cells, cell: number): number | null {
  return n[cell]! < 2 ? null : m2[cell]! / (n[cell]! - 1);
}

/** Returns the number of runs wanted of each configuration. */
function plannedRuns(selection: Selection): number | null {
  const { choices: { over }, columns, plan, cells, filtered } = selection;
  const replicates = over.filter((name) => selection.domain(name).length > 0);
  // With a condition on replicates, fewer runs are wanted than those of the plan.
  const ofOver = plan?.factors?.filter(({ names }) => names.some((name) => over.includes(name)));
  // A factor that has other params too is not the same for each configuration.
  const isEqual = ofOver?.every(({ names }) => names.every((name) => over.includes(name)));
  if (ofOver && isEqual && !plan?.places && !over.some((name) => filtered.includes(name))) {
    return ofOver.reduce((product, { parts }) => product * parts.length, 1);
  }
  if (replicates.length === 0) return 1;
  // The most that a configuration has, or has tried.
  const most = new Float64Array(cells.count);
  for (let i = 0; i < columns.length; i++) if (cells.ids[i]! >= 0) most[cells.ids[i]!]!++;
  return most.reduce((a, b) => Math.max(a, b), 0) || null;
}

/** Counts the failures of cells. */
function failuresByCell(selection: Selection, order: readonly number[]): number[] {
  const { cells, columns, failures, params } = selection;
  // Labels of 1 and "1" are equal.
  const cellKey = (valueOf: (name: string) => Value | undefined): string =>
    params.map(valueOf).map((value) => value === undefined ? "" : canonicalJson(value)).join();
  const counts = new Map<string, number>();
  for (const { params: of } of failures) {
    const key = cellKey((name) => entryOf(of, name));
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return order.map((cell) =>
    counts.get(cellKey((name) => columns.at(name, cells.first[cell]!))) ?? 0
  );
}

/** Counts the configurations of which runs failed and none has succeeded. */
export function countFailedOnly({ cells, columns, failures, params }: Selection): number {
  if (failures.length === 0 || params.length === 0) return 0;
  const coded = params.map((name) => {
    const column = columns.get(name);
    return column?.long ? undefined : column?.coded();
  });
  const codesByKey = coded.map((column) =>
    new Map(column?.values.map((value, code) => [value === undefined ? value : keyOf(value), code]))
  );
  const textOf = (codes: readonly (number | string)[]): string => codes.join("\x1f");
  const failed = new Set(failures.map(({ params: of }) =>
    textOf(params.map((name, i) => {
      const value = entryOf(of, name);
      // A value that no row has is its own code.
      return codesByKey[i]!.get(value === undefined ? value : keyOf(value)) ?? labelOf(value);
    }))
  ));
  for (let cell = 0; cell < cells.count && failed.size > 0; cell++) {
    failed.delete(textOf(coded.map((column) => column?.codes[cells.first[cell]!] ?? "")));
  }
  return failed.size;
}

/** Returns the only run with the best number, if its configuration is behind all that are not told apart. */
function luckOf(selection: Selection, { order, planned }: Ranking, ties: number): Luck | null {
  const { cells, choices: { over }, columns, numbers, params, sign } = selection;
  const hasReplicates = over.some((name) => selection.domain(name).length > 1);
  if (!hasReplicates || planned === 1 || !numbers) return null;
  let [row, count] = [-1, 0];
  for (let i = 0; i < columns.length; i++) {
    const number = numbers[i]!;
    if (cells.ids[i] === -1 || !Number.isFinite(number)) continue;
    const difference = row === -1 ? -1 : sign * (number - numbers[row]!);
    if (difference < 0) [row, count] = [i, 1];
    else if (difference === 0) count++;
  }
  if (row === -1 || count > 1) return null;
  const place = order.indexOf(cells.ids[row]!) + 1;
  if (place <= ties) return null;
  const named = (names: readonly string[]): Named[] =>
    names.filter((name) => name !== NAMESPACE).map((name) => ({
      name: selection.label(name),
      value: selection.shown(name, columns.at(name, row)).label,
    }));
  return { value: numbers[row]!, params: named(params), replicate: named(over), place };
}
