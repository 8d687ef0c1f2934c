import { expandGrid } from "./expand_grid.ts";
import type { Factor } from "./factor.ts";
import { gridNumber } from "./grid_number.ts";
import type { Row } from "../values/value.ts";

/** A set of combinations. */
export interface Grid {
  /** The names of the params. */
  readonly names: readonly string[];
  /** Number of combinations. */
  readonly count: number;
  /** Each combination is one part of every factor; the last factor changes fastest. */
  readonly factors: readonly Factor[];
  /** The combinations, made lazily; each iteration starts from the beginning. */
  readonly combinations: Iterable<Row>;
  /** Returns the params of a combination for a program, in the spelling that was written. */
  spelled(params: Row): Row;
}

/** Returns the grid of some factors. */
export function gridOf(factors: readonly Factor[]): Grid {
  return {
    names: factors.flatMap(({ names }) => names),
    count: factors.reduce((count, { parts }) => count * parts.length, 1),
    factors,
    combinations: { [Symbol.iterator]: () => combine(factors) },
    spelled: spelledBy(factors),
  };
}

function spelledBy(factors: readonly Factor[]): (params: Row) => Row {
  const written = factors.filter(({ spelled }) => spelled && spelled.size > 0);
  let partOf: ((params: Row) => number)[] | undefined; // made when the first program runs
  return (params) => {
    partOf ??= written.map((factor) => gridNumber([factor]));
    const texts = written.map(({ spelled }, i) => spelled!.get(partOf![i]!(params)) ?? {});
    return united([params, ...texts]);
  };
}

function* combine(factors: readonly Factor[]): Generator<Row> {
  const axes = Object.fromEntries(factors.map(({ parts }, i) => [`f${i}`, parts]));
  for (const parts of expandGrid<Record<string, readonly Row[]>>(axes)) {
    yield united(Object.values(parts));
  }
}

/** Returns one row with the entries of several. */
export function united(parts: readonly Row[]): Row {
  return Object.fromEntries(parts.flatMap((part) => Object.entries(part)));
}
