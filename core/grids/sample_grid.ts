import { entriesOfGrid, isAxis } from "./axis.ts";
import { described } from "../values/described.ts";
import { checkPositive } from "./geom_space.ts";
import { log10, pow10 } from "./log10.ts";
import { drawPlaces, random } from "./random.ts";
import { readerOf, type Sequence, sequence } from "./sequence.ts";
import { checkCount, checkNumbers, toSignificant } from "./spacing.ts";
import { setEntry } from "../values/value.ts";

/** Numbers from the first to the second end, both included, that a param is drawn from. */
export type Distribution =
  /** Each number is as likely as each other one. */
  | { readonly uniform: readonly [low: number, high: number] }
  /** The number's logarithm is uniform: as many from 0.001 to 0.01 as from 0.01 to 0.1. */
  | { readonly logUniform: readonly [low: number, high: number] }
  /** The same for whole numbers. */
  | { readonly integer: readonly [low: number, high: number] };

/** Sources of the params of a sample: distributions, or values of equal probability. */
export type SampleSpec<S> = {
  readonly [Name in keyof S]: (Iterable<unknown> & object) | Distribution;
};

/** Maximum number of combinations of a grid that are collected to draw from. */
const MAX_COMBINATIONS = 10_000_000;

/**
 * Gives `count` combinations drawn at random, the same ones for the same `seed` on all runtimes and in all
 * versions.
 *
 * Of named sources, each param has random numbers of its own: with a larger `count`, or params more or fewer, the
 * values drawn before stay. Draws may repeat. Numbers that are not whole are rounded to 12 significant digits. The
 * combinations are made when they are asked for, each a new object; iterables are read once, when
 * this is called.
 *
 * Of a grid, or another iterable of combinations, each is drawn once at most, in random order, and a larger `count`
 * begins with the same ones; of a grid with no more than `count`, all are.
 *
 * @throws {TypeError} On what is neither values nor a distribution, a name that no param can have, and
 * ends that are no numbers.
 * @throws {RangeError} On an iterable without values, ends out of order or range, `count` below 1, a
 * seed that is no whole number, and more than 10,000,000 combinations of another iterable than a grid.
 *
 * @example
 * ```ts
 * import { expandGrid, range, sampleGrid } from "@stet/stet";
 * import assert from "node:assert/strict";
 *
 * const spec = {
 *   lr: { logUniform: [1e-4, 1e-1] },
 *   layers: { integer: [1, 8] },
 *   model: ["a", "b"],
 * } as const;
 * const drawn = sampleGrid(spec, 100, 42);
 * assert.deepEqual(drawn.take(2).toArray(), [...sampleGrid(spec, 2, 42)]);
 * assert(drawn.every(({ lr, layers }) => lr >= 1e-4 && lr <= 1e-1 && Number.isInteger(layers)));
 *
 * const grid = expandGrid({ lr: [0.1, 0.01], seed: range(0, 99) });
 * assert.equal(sampleGrid(grid.filter(({ seed }) => seed % 2 === 0), 20, 1).toArray().length, 20);
 * ```
 */
export function sampleGrid<T extends object>(
  grid: Iterable<T>,
  count: number,
  seed: number,
): Sequence<T>;
/** Gives `count` combinations whose params are drawn at random, each from its own source. */
export function sampleGrid<S extends SampleSpec<S>>(
  spec: S,
  count: number,
  seed: number,
): Sequence<
  { -readonly [Name in keyof S]: S[Name] extends Iterable<infer Value> ? Value : number }
>;
export function sampleGrid(
  source: Iterable<object> | object,
  count: number,
  seed: number,
): Sequence<object> {
  checkCount("a sample", count, 1);
  if (!Number.isSafeInteger(seed)) {
    throw new RangeError(
      `Cannot make a sample: seed is ${described(seed)}, and must be a whole number`,
    );
  }
  return isAxis(source) ? drawCombinations(source, count, seed) : drawParams(source, count, seed);
}

function drawCombinations(
  grid: Iterable<unknown>,
  count: number,
  seed: number,
): Sequence<object> {
  const reader = readerOf(grid);
  if (reader) {
    const { length } = grid as Sequence<unknown>;
    if (!Number.isSafeInteger(length)) {
      throw new RangeError(
        `Cannot make a sample: the grid has ${length} combinations; give it fewer`,
      );
    }
    return drawn(reader as (place: number) => object, drawPlaces(length, count, seed));
  }
  const all: object[] = [];
  for (const combination of grid) {
    if (typeof combination !== "object" || combination === null) {
      throw new TypeError(
        `Cannot make a sample: a combination is ${described(combination)}, and must be an object ` +
          "that names its params",
      );
    }
    if (all.push(combination) <= MAX_COMBINATIONS) continue;
    throw new RangeError(
      `Cannot make a sample: there are more than ${MAX_COMBINATIONS} combinations; give the axes ` +
        "instead, as in sampleGrid({ alpha: [0.1, 0.5] }, 200, 1)",
    );
  }
  return drawn((place) => all[place]!, drawPlaces(all.length, count, seed));
}

function drawn(at: (place: number) => object, places: readonly number[]): Sequence<object> {
  return sequence(function* () {
    for (const place of places) yield at(place);
  }, places.length);
}

function drawParams(spec: object, count: number, seed: number): Sequence<object> {
  const drawers = entriesOfGrid(spec).map(([name, source]) =>
    [name, drawer(name, source)] as const
  );
  return sequence(function* () {
    const axes = drawers.map(([name, draw]) => ({ name, draw, next: random(`${seed} ${name}`) }));
    for (let i = 0; i < count; i++) {
      const combination = {};
      for (const { name, draw, next } of axes) setEntry(combination, name, draw(next()));
      yield combination;
    }
  }, count);
}

/** Maps a random number from 0 to below 1 to a value. */
type Drawer = (random: number) => unknown;

function drawer(name: string, source: unknown): Drawer {
  if (isAxis(source)) {
    const values = [...source];
    if (values.length > 0) return (random) => values[Math.floor(random * values.length)];
    throw new RangeError(`Cannot draw ${name}: it has no values; give it at least one`);
  }
  const entries = typeof source === "object" && source !== null ? Object.entries(source) : [];
  const [kind, ends] = entries[0] ?? [];
  if (
    entries.length !== 1 || !Array.isArray(ends) || ends.length !== 2 ||
    !(kind === "uniform" || kind === "logUniform" || kind === "integer")
  ) {
    throw new TypeError(
      `Cannot draw ${name}: it is ${described(source)}, and must be an iterable of values, ` +
        "{ uniform: [low, high] }, { logUniform: [low, high] } or { integer: [low, high] }",
    );
  }
  return distribution(name, kind, ends as [number, number]);
}

function distribution(
  name: string,
  kind: "uniform" | "logUniform" | "integer",
  [low, high]: readonly [number, number],
): Drawer {
  const what = `a sample of ${name}`;
  const check = kind === "logUniform" ? checkPositive : checkNumbers;
  check(what, { low, high });
  if (low > high) {
    throw new RangeError(`Cannot make ${what}: low is ${low}, and must not be above high, ${high}`);
  }
  const within = (x: number): number => Math.min(Math.max(toSignificant(x), low), high);
  switch (kind) {
    case "uniform":
      return (random) => within(low + (high - low) * random);
    case "logUniform": {
      const [from, to] = [log10(low), log10(high)];
      return (random) => within(pow10(from + (to - from) * random));
    }
    case "integer":
      if (Number.isSafeInteger(low) && Number.isSafeInteger(high - low + 1)) {
        return (random) => low + Math.floor(random * (high - low + 1));
      }
      throw new RangeError(
        `Cannot make ${what}: low is ${low} and high ${high}, and both must be whole numbers`,
      );
  }
}
