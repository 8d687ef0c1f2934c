import { expandGrid } from "./expand_grid.ts";
import type { Factor } from "./factor.ts";
import { gridNumber } from "./grid_number.ts";
import { type Row, setEntry } from "../values/value.ts";

/** Combinations that are wanted. */
export interface Grid {
  /** The names of the params. */
  readonly names: readonly string[];
  /** How many combinations there are. */
  readonly count: number;
  /** Each combination is one part of every factor; the last factor changes fastest. */
  readonly factors: readonly Factor[];
  /** The combinations, made as they are asked for; each time from the beginning. */
  readonly combinations: Iterable<Row>;
  /** Returns a combination's params for a program: the texts that they were written as. */
  spelled(params: Row): Row;
}

/** The grid of some factors. */
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
    const texts = written.map(({ spelled }, i) => spelled!.get(partOf![i]!(params)));
    const spelled = { ...params };
    for (const [name, text] of texts.flatMap((each) => Object.entries(each ?? {}))) {
      setEntry(spelled, name, text);
    }
    return spelled;
  };
}

function* combine(factors: readonly Factor[]): Generator<Row> {
  const axes = Object.fromEntries(factors.map(({ parts }, i) => [`f${i}`, parts]));
  for (const parts of expandGrid<Record<string, readonly Row[]>>(axes)) {
    const combination: Row = {};
    for (const part of Object.values(parts)) {
      for (const name of Object.keys(part)) setEntry(combination, name, part[name]!);
    }
    yield combination;
  }
}
