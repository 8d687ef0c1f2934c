import { writeCell } from "../values/cell.ts";
import { entryOf, type Row, setEntry } from "../values/value.ts";
import { setFactors } from "../sweeps/known_factors.ts";
import { expandGrid } from "./expand_grid.ts";

/** A factor of a grid: params that change together. */
export interface Factor {
  readonly names: readonly string[];
  /** The values of the params; of an axis, one name in each. */
  readonly parts: readonly Row[];
  /**
   * The texts that params were written as, by the index of the part, where programs would get them in another
   * spelling. Default: none.
   */
  readonly spelled?: ReadonlyMap<number, Readonly<Record<string, string>>>;
  /** The names whose values were read from text, their kind not decided by hand. Default: none. */
  readonly open?: readonly string[];
}

/** A set of combinations. */
export interface Grid {
  /** The names of the params. */
  readonly names: readonly string[];
  /** Number of combinations. */
  readonly count: number;
  /** Each combination is one part of every factor; the last factor changes fastest. */
  readonly factors: readonly Factor[];
  /** Places of the combinations among all those of the factors, in order. Default: every place. */
  readonly places?: Places | undefined;
  /** The combinations, made lazily; each iteration starts from the beginning. */
  readonly combinations: Iterable<Row>;
  /** Returns the params of a combination for a program, in the spelling that was written. */
  spelled(params: Row): Row;
}

/** Distinct places of combinations. */
export type Places = ArrayLike<number>;

/** Returns the grid of some factors. @param places The combinations that it has. Default: all of them. */
export function gridOf(factors: readonly Factor[], places?: Places): Grid {
  const combinations = {
    [Symbol.iterator]: () => places ? pick(factors, places) : combine(factors),
  };
  setFactors(combinations, () => ({
    factors: factors.map(({ names, parts }) => ({
      names,
      length: parts.length,
      parts: () => parts,
    })),
    places,
  }));
  return {
    names: factors.flatMap(({ names }) => names),
    count: places?.length ?? productOf(factors),
    factors,
    places,
    combinations,
    spelled: spelledBy(factors),
  };
}

/** Returns the number of all combinations of some factors. */
export function productOf(factors: readonly Pick<Factor, "parts">[]): number {
  return factors.reduce((count, { parts }) => count * parts.length, 1);
}

function spelledBy(factors: readonly Factor[]): (params: Row) => Row {
  const written = factors.filter(({ spelled }) => spelled && spelled.size > 0);
  let partOf: ((params: Row) => number)[] | undefined; // made when the first program runs
  return (params) => {
    partOf ??= written.map((factor) => gridNumber({ factors: [factor] }));
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

function* pick(factors: readonly Factor[], places: Places): Generator<Row> {
  for (let i = 0; i < places.length; i++) yield combinationAt(factors, places[i]!);
}

/** Returns the combination at a place among all those of the factors. */
export function combinationAt(factors: readonly Factor[], place: number): Row {
  const parts = partsAt(factors, place).map((part, i) => factors[i]!.parts[part]!);
  return united(parts);
}

/** Returns the number of the part of each factor in the combination at a place. */
export function partsAt(factors: readonly Factor[], place: number): number[] {
  const parts: number[] = [];
  for (let i = factors.length - 1; i >= 0; i--) {
    const { length } = factors[i]!.parts;
    parts[i] = place % length;
    place = Math.floor(place / length);
  }
  return parts;
}

/** Returns one row with the entries of several. */
export function united(parts: readonly Row[]): Row {
  const row: Row = {};
  for (const part of parts) {
    for (const name of Object.keys(part)) setEntry(row, name, part[name]!);
  }
  return row;
}

/** Returns a function that gives the number of a combination in the order of the grid, or -1. */
export function gridNumber(
  { factors, places, defaults = {} }: Pick<Grid, "factors" | "places"> & {
    readonly defaults?: Row | undefined;
  },
): (params: Row) => number {
  const numbers = places && new Map(Array.from(places, (place, i) => [place, i]));
  const lookUps = factors.map(({ names, parts }) => ({
    names,
    length: parts.length,
    numbers: new Map(parts.map((part, i) => [lookUpKey(part, names, defaults), i])),
  }));
  return (params) => {
    let number = 0;
    for (const { names, length, numbers } of lookUps) {
      const part = numbers.get(lookUpKey(params, names, defaults));
      if (part === undefined) return -1;
      number = number * length + part;
    }
    return numbers ? numbers.get(number) ?? -1 : number;
  };
}

/** Returns the values of some params as a key of a Map; a scalar alone is its own key, which is quick. */
function lookUpKey(params: Row, names: readonly string[], defaults: Row): unknown {
  const [name] = names;
  const value = names.length === 1 ? valueOf(params, name!, defaults) : null;
  if (names.length === 1 && (typeof value !== "object" || value === null)) return value;
  const values = names.map((each) => valueOf(params, each, defaults));
  return `\x1e${values.map((each) => each === undefined ? "" : writeCell(each)).join("\x1f")}`;
}

function valueOf(params: Row, name: string, defaults: Row): Row[string] | undefined {
  return entryOf(Object.hasOwn(params, name) ? params : defaults, name);
}
