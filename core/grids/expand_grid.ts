import { type Axes, readAxes, type ValueOf } from "./axis.ts";
import { type Sequence, sequence } from "./sequence.ts";
import { setEntry } from "../values/value.ts";

/**
 * Gives every combination of the values of named axes, in the order of Python's `itertools.product`:
 * the last axis changes fastest.
 *
 * The combinations are made when they are asked for, each a new object. Axes are any finite
 * iterables, read once, when this is called. An axis without values gives no combinations, and no
 * axes give one, without params. Integer-like names come first, as in every JavaScript object.
 *
 * @throws {TypeError} On an axis that is not iterable or is text, and on a name that no param can have.
 *
 * @example
 * ```ts
 * import { expandGrid, range } from "@stet/stet";
 * import assert from "node:assert/strict";
 *
 * const grid = expandGrid({ model: ["a", "b"], seed: range(1, 3) });
 * assert.deepEqual(grid.filter(({ model, seed }) => model === "a" || seed === 1).toArray(), [
 *   { model: "a", seed: 1 },
 *   { model: "a", seed: 2 },
 *   { model: "a", seed: 3 },
 *   { model: "b", seed: 1 },
 * ]);
 * ```
 */
export function expandGrid<A extends Axes<A>>(
  axes: A,
): Sequence<{ -readonly [Name in keyof A]: ValueOf<A[Name]> }> {
  const read = readAxes(axes);
  return sequence(
    () => product(read),
    read.reduce((count, [, values]) => count * values.length, 1),
  ) as Sequence<{ [Name in keyof A]: ValueOf<A[Name]> }>;
}

function* product(axes: readonly (readonly [string, readonly unknown[]])[]): Generator<object> {
  if (axes.some(([, values]) => values.length === 0)) return;
  const at = axes.map(() => 0);
  let turning: number;
  do {
    const combination = {};
    for (const [i, [name, values]] of axes.entries()) setEntry(combination, name, values[at[i]!]);
    yield combination;
    // As an odometer: the last wheel turns, and each that is through turns the one before it.
    turning = axes.length - 1;
    while (turning >= 0 && ++at[turning]! === axes[turning]![1].length) at[turning--] = 0;
  } while (turning >= 0);
}
