import type { Configurations } from "../view.ts";
import type { Ranking } from "./best.ts";
import type { Selection } from "./selection.ts";

/** The number of intervals of the histogram, at least and at most; few runs in many would be a comb. */
const MIN_INTERVALS = 10, MAX_INTERVALS = 60;

/**
 * Returns configurations as points: the best tenth, the front and a regular sample of the others; null without
 * a number.
 */
export function configurationsOf(
  selection: Selection,
  { order }: Ranking,
  limit: number,
): Configurations | null {
  const { cells, choices: { other }, params } = selection;
  if (order.length === 0) return null;
  const others = other ? selection.cellsBy([], other) : undefined;
  const otherOf = (cell: number): number =>
    others && others.n[cell]! > 0 ? others.mean[cell]! : NaN;
  const otherSign = other?.better === "higher" ? -1 : 1;
  const front = others ? frontOf(selection, order, otherOf, otherSign) : null;
  const listed = sample(order, front ?? [], limit);
  const places = new Map(listed.map((cell, i) => [cell, i]));
  const parts = params.map((name) => selection.partsOf(cells, name));
  return {
    axes: params.map((name) => selection.axis(name).axis),
    parts: parts.map((part) => listed.map((cell) => part[cell]!)),
    mean: listed.map((cell) => cells.mean[cell]!),
    other: others ? listed.map((cell) => Number.isNaN(otherOf(cell)) ? null : otherOf(cell)) : null,
    n: listed.map((cell) => cells.n[cell]!),
    total: order.length,
    front: front?.flatMap((cell) => places.get(cell) ?? []) ?? null,
    histogram: histogramOf(selection),
  };
}

/** Returns the cells than which no other is better in both metrics, and equal in none, by the first metric. */
function frontOf(
  { cells, sign }: Selection,
  order: readonly number[],
  otherOf: (cell: number) => number,
  otherSign: number,
): number[] {
  const both = order.filter((cell) => !Number.isNaN(otherOf(cell))).sort((a, b) =>
    sign * (cells.mean[a]! - cells.mean[b]!) || otherSign * (otherOf(a) - otherOf(b))
  );
  const front: number[] = [];
  let best = Infinity;
  for (const cell of both) {
    const value = otherSign * otherOf(cell);
    if (value >= best) continue;
    best = value;
    front.push(cell);
  }
  return front;
}

/** Returns cells in their order: the best tenth, those that must be listed, and each k-th of the others. */
function sample(order: readonly number[], front: readonly number[], limit: number): number[] {
  if (order.length <= limit) return [...order];
  const best = order.slice(0, Math.min(Math.ceil(order.length / 10), limit >> 1));
  const kept = new Set([...best, ...front.slice(0, limit >> 2)]);
  const others = order.slice(best.length).filter((cell) => !kept.has(cell));
  const left = limit - kept.size;
  for (let i = 0; i < left; i++) kept.add(others[Math.floor(i * others.length / left)]!);
  return order.filter((cell) => kept.has(cell));
}

function histogramOf({ cells, columns, numbers }: Selection): Configurations["histogram"] {
  let [least, most, runs] = [Infinity, -Infinity, 0];
  for (let cell = 0; cell < cells.count; cell++) {
    if (cells.n[cell] === 0) continue;
    least = Math.min(least, cells.least[cell]!);
    most = Math.max(most, cells.most[cell]!);
    runs += cells.n[cell]!;
  }
  const wanted = Math.min(Math.max(Math.ceil(2 * Math.sqrt(runs)), MIN_INTERVALS), MAX_INTERVALS);
  const counts = Array<number>(least === most ? 1 : wanted).fill(0);
  // The difference of the largest numbers is infinite, and halves of the smallest are nothing.
  const unit = most - least < Infinity ? 1 : 0.5;
  const range = most * unit - least * unit || 1;
  const last = counts.length - 1;
  const startOf = (bin: number): number => least + (most - least) * bin / counts.length;
  for (let i = 0; i < columns.length; i++) {
    const number = numbers![i]!;
    if (cells.ids[i] === -1 || !Number.isFinite(number)) continue;
    const place = (number * unit - least * unit) / range * counts.length;
    let bin = Math.min(last, Math.floor(place));
    // The quotient can be rounded over an end, by which conditions compare.
    if (bin > 0 && number < startOf(bin)) bin--;
    else if (bin < last && number >= startOf(bin + 1)) bin++;
    counts[bin]!++;
  }
  return { least, most, counts };
}
