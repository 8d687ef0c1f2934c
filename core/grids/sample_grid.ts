import { hash } from "node:crypto";
import { described, entriesOfGrid, isAxis } from "./axis.ts";
import { checkPositive } from "./geom_space.ts";
import { log10, pow10 } from "./log10.ts";
import { type Sequence, sequence } from "./sequence.ts";
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

/**
 * Gives `count` combinations drawn at random, the same ones for the same `seed` on all runtimes.
 *
 * Each param has random numbers of its own: with a larger `count`, or params more or fewer, the values
 * drawn before stay. Draws may repeat. Numbers that are not whole are rounded to 12 significant digits. The
 * combinations are made when they are asked for, each a new object; iterables are read once, when
 * this is called.
 *
 * @throws {TypeError} On what is neither values nor a distribution, a name that no param can have, and
 * ends that are no numbers.
 * @throws {RangeError} On an iterable without values, ends out of order or range, `count` below 1, and a
 * seed that is no whole number.
 *
 * @example
 * ```ts
 * import { sampleGrid } from "@stet/stet";
 * import assert from "node:assert/strict";
 *
 * const spec = {
 *   lr: { logUniform: [1e-4, 1e-1] },
 *   layers: { integer: [1, 8] },
 *   model: ["a", "b"],
 * } as const;
 * const grid = sampleGrid(spec, 100, 42);
 * assert.deepEqual(grid.take(2).toArray(), [...sampleGrid(spec, 2, 42)]);
 * assert(grid.every(({ lr, layers }) => lr >= 1e-4 && lr <= 1e-1 && Number.isInteger(layers)));
 * ```
 */
export function sampleGrid<S extends SampleSpec<S>>(
  spec: S,
  count: number,
  seed: number,
): Sequence<
  { -readonly [Name in keyof S]: S[Name] extends Iterable<infer Value> ? Value : number }
> {
  checkCount("a sample", count, 1);
  if (!Number.isSafeInteger(seed)) {
    throw new RangeError(
      `Cannot make a sample: seed is ${described(seed)}, and must be a whole number`,
    );
  }
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
  }, count) as ReturnType<typeof sampleGrid<S>>;
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

/**
 * Returns a stream of random numbers from 0 to below 1, of 53 bits each, the same for the same text on all
 * runtimes, and independent of those for other texts.
 *
 * The generator is sfc32 of Chris Doty-Humphrey's PractRand (https://pracrand.sourceforge.net,
 * `src/RNGs/sfc.cpp`), seeded as its `seed(s1, s2, s3)` does, with words of the text's SHA-256; the bits
 * become a number as in `genrand_res53` of the Mersenne Twister. Not for secrets.
 */
function random(text: string): () => number {
  const seed = hash("sha256", text, "hex");
  let a = Number.parseInt(seed.slice(0, 8), 16);
  let b = Number.parseInt(seed.slice(8, 16), 16);
  let c = Number.parseInt(seed.slice(16, 24), 16);
  let counter = 1;
  const next = (): number => {
    const out = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + out | 0;
    return out >>> 0;
  };
  for (let i = 0; i < 15; i++) next();
  return () => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53;
}
