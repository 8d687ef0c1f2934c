import { columnsNamed } from "../../core/tools/condition.ts";
import type { Row } from "../../core/values/value.ts";
import type { Aggregate, Better, Heat, Matters, ViewAxis, ViewQuery } from "../view.ts";
import { nameOf } from "./columns/name_of.ts";
import { quantile } from "./quantile.ts";
import type { Selection } from "./selection.ts";

/** The maximum number of small multiples, and the minimum share of variance for one to be chosen. */
const MAX_MULTIPLES = 12;
const MIN_SHARE = 0.05;

/** Returns the map of two params; null if no param varies. */
export function heatOf(
  selection: Selection,
  query: ViewQuery,
  matters: Matters | null,
): Heat | null {
  const [x, y, z] = axesOf(selection, query, matters);
  if (x === undefined) return null;
  const { agg } = selection.choices;
  const { metric, better } = selection.choices;
  if (agg !== "n" && agg !== "took" && agg !== "done" && !metric) {
    return heatMap(selection, x, y, z, "n");
  }
  const heat = heatMap(selection, x, y, z, agg);
  return { ...heat, ...bestCell(heat, agg, better) };
}

function axesOf(
  selection: Selection,
  query: ViewQuery,
  matters: Matters | null,
): (string | undefined)[] {
  const names = selection.choices.params.map(({ name }) => name);
  const results = selection.columns.results;
  const given = (name: string | undefined): string | undefined => {
    if (name === undefined || name === "") return undefined;
    if (columnsNamed(name, names).length === 0 && columnsNamed(name, results).length > 0) {
      throw new TypeError(
        `Cannot use "${name}" as an axis: it is a result; the params are ${names.join(", ")}`,
      );
    }
    return nameOf(name, names, "an axis");
  };
  let [x, y, z] = [given(query.x), given(query.y), given(query.z)];
  const shareOf = (some: readonly string[]): number =>
    matters?.shares.reduce(
      (sum, { names, share }) => sum + (names.every((name) => some.includes(name)) ? share : 0),
      0,
    ) ?? 0;
  const free = selection.params.filter((name) => name !== x && name !== y && name !== z);
  if (x === undefined && y === undefined) {
    [x, y] = bestPair(selection, free, shareOf);
  } else if (x === undefined && free.length > 0) {
    x = mostOf(free, (name) => shareOf([name, y!]));
  } else if (y === undefined && query.y === undefined && free.length > 0) {
    y = mostOf(free, (name) => shareOf([name, x!]));
  }
  if (x === undefined) [x, y] = [y, undefined];
  if (z === undefined && query.z === undefined && x !== undefined && y !== undefined) {
    const two = shareOf([x, y]);
    const third = selection.params.filter((name) =>
      name !== x && name !== y && selection.domain(name).length <= MAX_MULTIPLES
    );
    const best = third.length > 0 ? mostOf(third, (name) => shareOf([x!, y!, name])) : undefined;
    if (best !== undefined && shareOf([x, y, best]) - two >= MIN_SHARE) z = best;
  }
  return [x, y, z];
}

function mostOf(names: readonly string[], sizeOf: (name: string) => number): string {
  return names.reduce((best, name) => sizeOf(name) > sizeOf(best) ? name : best);
}

/** Returns the two params with the largest share; numbers, or those with shorter labels, across. */
function bestPair(
  selection: Selection,
  names: readonly string[],
  shareOf: (names: readonly string[]) => number,
): (string | undefined)[] {
  let [best, most] = [names.slice(0, 2), -1];
  for (const [i, a] of names.entries()) {
    for (const b of names.slice(i + 1)) {
      const share = shareOf([a, b]);
      if (share > most + 1e-9) [best, most] = [[a, b], share];
    }
  }
  const lengthOf = (name: string): number => {
    const { kind, parts } = selection.axis(name).axis;
    return kind === "texts" ? Math.max(1, ...parts.map(({ label }) => label.length)) : 0;
  };
  return best.sort((a, b) => lengthOf(a) - lengthOf(b) || shareOf([b]) - shareOf([a]));
}

/** Returns the map without its best cell. */
function heatMap(
  selection: Selection,
  x: string,
  y: string | undefined,
  z: string | undefined,
  agg: Aggregate,
): Heat {
  const names = [x, y, z].filter((name) => name !== undefined);
  const axes = names.map((name) => selection.axis(name));
  const sizes = axes.map(({ axis }) => axis.parts.length);
  const total = sizes.reduce((a, b) => a * b, 1);
  const cells = selection.cellsBy(names, selection.choices.metric);
  const parts = names.map((name) => selection.partsOf(cells, name));
  const places = new Int32Array(cells.count);
  for (let cell = 0; cell < cells.count; cell++) {
    places[cell] = placeOf(parts.map((part) => part[cell]!), sizes);
  }
  const n = new Float64Array(total);
  const rows = new Float64Array(total);
  for (let cell = 0; cell < cells.count; cell++) {
    if (places[cell]! < 0) continue;
    n[places[cell]!]! += cells.n[cell]!;
    rows[places[cell]!]! += cells.rows[cell]!;
  }
  const count = (some: readonly { readonly params: Row }[]): Float64Array => {
    const counts = new Float64Array(total);
    for (const { params } of some) {
      const at = placeOf(
        names.map((name, a) => Object.hasOwn(params, name) ? axes[a]!.partOf(params[name]) : -1),
        sizes,
      );
      if (at >= 0) counts[at]!++;
    }
    return counts;
  };
  const failed = count(selection.failures);
  const running = count(selection.claims);
  const values = valuesOf(selection, agg, places, total, cells, { rows, failed, running });
  const planned = plannedCells(selection, names, axes.map(({ partOf }) => partOf), sizes, total);
  const kept: number[] = [];
  for (let at = 0; at < total; at++) {
    if (rows[at]! + failed[at]! + running[at]! > 0 || planned?.[at]) kept.push(at);
  }
  const list = <T>(valueAt: (at: number) => T): T[] => kept.map(valueAt);
  const coordinate = (axis: number): number[] =>
    list((at) => {
      let rest = at;
      for (let i = sizes.length - 1; i > axis; i--) rest = Math.floor(rest / sizes[i]!);
      return axis < sizes.length ? rest % sizes[axis]! : 0;
    });
  const own = (axis: number): ViewAxis | null => axes[axis]?.axis ?? null;
  const isRuns = agg === "n" || agg === "took" || agg === "done";
  return {
    x: own(0)!,
    y: own(1),
    z: own(2),
    agg,
    lower: null,
    cells: {
      x: coordinate(0),
      y: coordinate(1),
      z: coordinate(2),
      value: list((at) => Number.isNaN(values[at]) ? null : values[at]!),
      n: list((at) => (isRuns ? rows : n)[at]!),
      failed: list((at) => failed[at]!),
      running: list((at) => running[at]!),
    },
    best: -1,
  };
}

function placeOf(parts: readonly number[], sizes: readonly number[]): number {
  let place = 0;
  for (const [i, part] of parts.entries()) {
    if (part < 0) return -1;
    place = place * sizes[i]! + part;
  }
  return place;
}

/** Returns the cells that the plan has a combination of; undefined if there is none or a condition. */
function plannedCells(
  { plan, choices: { where } }: Selection,
  names: readonly string[],
  partOf: readonly ((value: Row[string] | undefined) => number)[],
  sizes: readonly number[],
  total: number,
): Uint8Array | undefined {
  if (!plan?.factors || where !== "" || plan.places) return undefined;
  const isPlanned = new Uint8Array(total);
  const factors = plan.factors.filter((factor) =>
    factor.names.some((name) => names.includes(name))
  );
  const visit = (i: number, params: Row): void => {
    if (i === factors.length) {
      const at = placeOf(names.map((name, a) => partOf[a]!(params[name])), sizes);
      if (at >= 0) isPlanned[at] = 1;
      return;
    }
    for (const part of factors[i]!.parts) visit(i + 1, { ...params, ...part });
  };
  visit(0, {});
  return isPlanned;
}

interface Counts {
  readonly rows: Float64Array;
  readonly failed: Float64Array;
  readonly running: Float64Array;
}

/** Returns the number of each cell; NaN if it has none. */
function valuesOf(
  selection: Selection,
  agg: Aggregate,
  places: Int32Array,
  total: number,
  cells: Selection["cells"],
  { rows, failed, running }: Counts,
): Float64Array {
  const { columns, numbers, sign } = selection;
  const values = new Float64Array(total).fill(NaN);
  const counts = new Float64Array(total);
  const add = (at: number, value: number): void => {
    values[at] = counts[at] === 0 ? value : values[at]! + value;
    counts[at]!++;
  };
  switch (agg) {
    case "n":
      return rows;
    case "done":
      return rows.map((done, at) => {
        const all = done + failed[at]! + running[at]!;
        return all === 0 ? NaN : done / all;
      });
    case "mean":
    case "took": {
      const weight = agg === "mean" ? cells.n : cells.rows;
      const means = agg === "mean" ? cells.mean : cells.took;
      for (let cell = 0; cell < cells.count; cell++) {
        if (places[cell]! >= 0 && weight[cell]! > 0 && !Number.isNaN(means[cell])) {
          add(places[cell]!, means[cell]!);
        }
      }
      return values.map((sum, at) => sum / counts[at]!);
    }
    case "best":
    case "worst": {
      const isLeast = (agg === "best") === (sign === 1);
      const of = isLeast ? cells.least : cells.most;
      for (let cell = 0; cell < cells.count; cell++) {
        const at = places[cell]!;
        if (at < 0 || cells.n[cell] === 0) continue;
        const value = of[cell]!;
        if (Number.isNaN(values[at]) || (isLeast ? value < values[at]! : value > values[at]!)) {
          values[at] = value;
        }
      }
      return values;
    }
    case "median":
    case "sd": {
      const runs: number[][] = Array.from({ length: total }, () => []);
      for (let i = 0; i < columns.length; i++) {
        const cell = cells.ids[i]!;
        if (cell >= 0 && places[cell]! >= 0 && Number.isFinite(numbers![i])) {
          runs[places[cell]!]!.push(numbers![i]!);
        }
      }
      return Float64Array.from(
        runs,
        (some) => agg === "sd" ? deviationOf(some) : quantile(Float64Array.from(some).sort(), 0.5),
      );
    }
  }
}

/** Returns the sample standard deviation; NaN of fewer than two numbers. */
function deviationOf(numbers: readonly number[]): number {
  if (numbers.length < 2) return NaN;
  const mean = numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
  const squares = numbers.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  return Math.sqrt(squares / (numbers.length - 1));
}

function bestCell(
  { cells }: Heat,
  agg: Aggregate,
  better: Better,
): Pick<Heat, "best" | "lower"> {
  const lower = agg === "n" || agg === "done"
    ? null
    : agg === "sd" || agg === "took"
    ? true
    : better === "lower";
  let best = -1;
  if (lower !== null) {
    for (const [i, value] of cells.value.entries()) {
      if (value === null) continue;
      const than = best === -1 ? undefined : cells.value[best]!;
      if (than === undefined || (lower ? value < than : value > than)) best = i;
    }
  }
  return { best, lower };
}
