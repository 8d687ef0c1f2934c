import { type Axes, readAxes, type ValueOf } from "./axis.ts";
import { type Sequence, sequence } from "./sequence.ts";
import { checkLengths } from "./zip_parts.ts";
import { setEntry } from "../values/value.ts";

/**
 * Gives the first values of all axes together, then the second ones, and so on, as Python's
 * `zip(strict=True)` does: for params that go hand in hand.
 *
 * The combinations are made when they are asked for, each a new object. Axes are any finite
 * iterables, read once, when this is called.
 *
 * @throws {TypeError} On an axis that is not iterable or is text, and on a name that no param can have.
 * @throws {RangeError} If the axes are not of one length; it names them with their lengths.
 *
 * @example
 * ```ts
 * import { zipGrid } from "@stet/stet";
 * import assert from "node:assert/strict";
 *
 * const grid = zipGrid({ model: ["small", "large"], batch: [64, 8] });
 * assert.deepEqual([...grid], [{ model: "small", batch: 64 }, { model: "large", batch: 8 }]);
 * ```
 */
export function zipGrid<A extends Axes<A>>(
  axes: A,
): Sequence<{ -readonly [Name in keyof A]: ValueOf<A[Name]> }> {
  const read = readAxes(axes);
  checkLengths(read.map(([name, values]) => [name, values.length]));
  const length = read[0]?.[1].length ?? 0;
  return sequence(function* () {
    for (let i = 0; i < length; i++) {
      const combination = {};
      for (const [name, values] of read) setEntry(combination, name, values[i]);
      yield combination;
    }
  }, length) as Sequence<{ [Name in keyof A]: ValueOf<A[Name]> }>;
}
