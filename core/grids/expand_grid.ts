import { type Axes, readAxes, type ValueOf } from "./axis.ts";
import { setFactors } from "../sweeps/known_factors.ts";
import { type Sequence, sequence } from "./sequence.ts";
import { checkLengths, zipParts } from "./zip_parts.ts";
import { checkOptions } from "../options/check_options.ts";
import type { OptionForm } from "../options/option_forms.ts";
import { setEntry } from "../values/value.ts";

/** Options of {@linkcode expandGrid}. */
export interface GridOptions<Name extends string = string> {
  /**
   * Axes that go hand in hand, as in {@linkcode zipGrid}, instead of being multiplied; or several groups of
   * such axes. They take the place of the first of them. Default: none.
   */
  readonly zip?: readonly Name[] | readonly (readonly Name[])[];
}

/**
 * Gives every combination of the values of named axes, in the order of Python's `itertools.product`:
 * the last axis changes fastest.
 *
 * The combinations are made when they are asked for, each a new object. Axes are any finite
 * iterables, read once, when this is called. An axis without values gives no combinations, and no
 * axes give one, without params. Integer-like names come first, as in every JavaScript object.
 *
 * @throws {TypeError} On an axis that is not iterable or is text, and on a name that no param can have.
 * @throws {RangeError} If zipped axes are not of one length, or `zip` names no axis or one twice.
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
 *
 * const hands = expandGrid({ model: ["s", "l"], batch: [64, 8], seed: [1] }, {
 *   zip: ["model", "batch"],
 * });
 * assert.deepEqual([...hands], [
 *   { model: "s", batch: 64, seed: 1 },
 *   { model: "l", batch: 8, seed: 1 },
 * ]);
 * ```
 */
export function expandGrid<A extends Axes<A>>(
  axes: A,
  options: GridOptions<keyof A & string> = {},
): Sequence<{ -readonly [Name in keyof A]: ValueOf<A[Name]> }> {
  checkOptions("make a grid", options, { zip });
  const wheels = zipWheels(readAxes(axes), groupsOf(options.zip));
  const combinations = sequence(
    () => product(wheels),
    wheels.reduce((count, { length }) => count * length, 1),
    (place) => {
      const at: number[] = [];
      for (let i = wheels.length - 1; i >= 0; i--) {
        at[i] = place % wheels[i]!.length;
        place = Math.floor(place / wheels[i]!.length);
      }
      return combinationAt(wheels, at);
    },
  ) as Sequence<{ [Name in keyof A]: ValueOf<A[Name]> }>;
  setFactors(combinations, () => ({
    factors: wheels.map((wheel) => ({
      names: wheel.axes.map(([name]) => name),
      length: wheel.length,
      parts: () => Array.from({ length: wheel.length }, (_, i) => combinationAt([wheel], [i])),
    })),
  }));
  return combinations;
}

const zip: OptionForm = {
  text: 'an array of names, as in ["model", "batch"]',
  isOfType: Array.isArray,
};

/** Axes that change together, with the values of each. */
interface Wheel {
  readonly axes: readonly (readonly [name: string, values: readonly unknown[]])[];
  readonly length: number;
}

/** Returns the groups of axes that are zipped. */
function groupsOf(zip: GridOptions<string>["zip"] = []): readonly (readonly string[])[] {
  const isGroups = zip.every((group) => Array.isArray(group));
  return isGroups ? zip as readonly (readonly string[])[] : [zip as readonly string[]];
}

function zipWheels(
  axes: readonly (readonly [string, unknown[]])[],
  groups: readonly (readonly string[])[],
): Wheel[] {
  const names = axes.map(([name]) => name);
  return zipParts(names, groups).map((zipped) => {
    const members = zipped.map((name) => axes[names.indexOf(name)]!);
    checkLengths(members.map(([name, { length }]) => [name, length]));
    return { axes: members, length: members[0]![1].length };
  });
}

function* product(wheels: readonly Wheel[]): Generator<object> {
  if (wheels.some(({ length }) => length === 0)) return;
  const at = wheels.map(() => 0);
  let turning: number;
  do {
    yield combinationAt(wheels, at);
    // As an odometer: the last wheel turns, and each that is through turns the one before it.
    turning = wheels.length - 1;
    while (turning >= 0 && ++at[turning]! === wheels[turning]!.length) at[turning--] = 0;
  } while (turning >= 0);
}

function combinationAt(
  wheels: readonly Wheel[],
  at: readonly number[],
): Record<string, unknown> {
  const combination = {};
  for (const [i, { axes }] of wheels.entries()) {
    for (const [name, values] of axes) setEntry(combination, name, values[at[i]!]);
  }
  return combination;
}
