import type { Effect, Matters } from "../view.ts";
import { quantile } from "./quantile.ts";
import type { Selection } from "./selection.ts";

/** Returns the means of configurations by each param, that with the largest share first. */
export function effectsOf(selection: Selection, matters: Matters | null): Effect[] {
  const { cells, params, sign } = selection;
  if (!cells.n.some((n) => n > 0)) return [];
  const effects = params.map((name): Effect => {
    const { axis } = selection.axis(name);
    const parts = selection.partsOf(cells, name);
    const means: number[][] = axis.parts.map(() => []);
    for (let cell = 0; cell < cells.count; cell++) {
      if (cells.n[cell]! > 0) means[parts[cell]!]?.push(cells.mean[cell]!);
    }
    const each = (make: (sorted: Float64Array) => number): (number | null)[] =>
      sorted.map((some) => some.length === 0 ? null : make(some));
    const sorted = means.map((some) => Float64Array.from(some).sort());
    const share = matters?.shares.find(({ names }) => names.length === 1 && names[0] === name);
    return {
      axis,
      share: share?.share ?? null,
      mean: each((some) => some.reduce((sum, mean) => sum + mean, 0) / some.length),
      low: each((some) => quantile(some, 0.1)),
      high: each((some) => quantile(some, 0.9)),
      best: each((some) => sign === 1 ? some[0]! : some.at(-1)!),
      n: sorted.map(({ length }) => length),
    };
  });
  return effects.sort((a, b) => (b.share ?? 0) - (a.share ?? 0));
}
