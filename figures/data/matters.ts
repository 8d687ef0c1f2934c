import type { Matters } from "../view.ts";
import { quantile } from "./quantile.ts";
import type { Selection } from "./selection.ts";
import { type Factor, sharesOf } from "./shares.ts";

/** The maximum size of the complete grid, as a multiple of the configurations seen. */
const MAX_INCOMPLETE = 10;
/** The number of configurations from which numbers that hardly repeat are put into ranges. */
const MIN_RANGED = 9;

/** Returns the shares of the variance of the metric; null without two configurations. */
export function mattersOf(selection: Selection): Matters | null {
  const { cells, choices: { over }, params } = selection;
  const kept: number[] = [];
  for (let cell = 0; cell < cells.count; cell++) if (cells.n[cell]! > 0) kept.push(cell);
  if (kept.length < 2 || params.length === 0) return null;
  const grid = params.reduce((product, name) => product * selection.domain(name).length, 1);
  const of = grid <= MAX_INCOMPLETE * kept.length ? grid : kept.length;
  const factors = params.map((name) =>
    factorOf(selection, name, kept, of > kept.length || of < grid)
  );
  const n = kept.map((cell) => cells.n[cell]!);
  const within = kept.map((cell) => cells.m2[cell]! / cells.n[cell]!);
  const means = kept.map((cell) => cells.mean[cell]!);
  const { terms, higher, noise, exact } = sharesOf(factors, means, within, n);
  const hasReplicates = over.some((name) => selection.domain(name).length > 1) &&
    n.some((runs) => runs > 1);
  return {
    shares: terms.map(({ factors, share }) => ({
      names: factors.map((i) => params[i]!),
      share,
    })),
    higher,
    noise: hasReplicates ? noise : null,
    configurations: kept.length,
    of,
    exact: exact && of === kept.length && grid === of,
  };
}

/**
 * Returns the values of a param by configuration. Where a grid is not complete, numbers of which each has few
 * configurations are put into ranges, as they would explain everything.
 */
function factorOf(
  selection: Selection,
  name: string,
  kept: readonly number[],
  isIncomplete: boolean,
): Factor {
  const { cells } = selection;
  const { axis } = selection.axis(name);
  const parts = selection.partsOf(cells, name);
  const rest = axis.parts.length; // values without a part
  const of = new Int32Array(kept.length);
  for (let i = 0; i < of.length; i++) {
    const part = parts[kept[i]!]!;
    of[i] = part === -1 ? rest : part;
  }
  const seen = renumbered(of);
  const most = Math.floor(Math.sqrt(kept.length));
  const isRanged = isIncomplete && axis.kind !== "texts" && kept.length >= MIN_RANGED &&
    seen.levels > most && seen.levels > 5;
  if (!isRanged) return seen;
  const count = Math.min(most, 8);
  const sorted = Float64Array.from(of).sort();
  const edges = Array.from({ length: count - 1 }, (_, i) => quantile(sorted, (i + 1) / count));
  return renumbered(Int32Array.from(of, (part) => edges.filter((edge) => edge <= part).length));
}

/** Returns small numbers as levels without gaps. */
function renumbered(of: Int32Array): Factor {
  const numbers = new Int32Array(of.reduce((most, part) => Math.max(most, part), 0) + 1);
  const levels = new Int32Array(of.length);
  let count = 0;
  for (let i = 0; i < of.length; i++) {
    const part = of[i]!;
    if (numbers[part] === 0) numbers[part] = ++count;
    levels[i] = numbers[part]! - 1;
  }
  return { levels: count, of: levels };
}
