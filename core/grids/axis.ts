import { checkParamName } from "../values/columns.ts";
import { described } from "../values/described.ts";

/** Named axes of a grid, each with the values of one param. Text is no axis: it is one value. */
export type Axes<A> = { readonly [Name in keyof A]: Iterable<unknown> & object };

/** Type of the values of an axis. */
export type ValueOf<Axis> = Axis extends Iterable<infer Value> ? Value : never;

/** True if `x` can be an axis. */
export function isAxis(x: unknown): x is Iterable<unknown> & object {
  return typeof x === "object" && x !== null && Symbol.iterator in x;
}

/**
 * Reads the values of each axis of a grid, once.
 *
 * @throws {TypeError} On axes that are no object, a name that no param can have, and an axis that is
 * not iterable or is text.
 */
export function readAxes(axes: object): [name: string, values: unknown[]][] {
  return entriesOfGrid(axes).map(([name, axis]) => {
    if (isAxis(axis)) return [name, [...axis]];
    throw new TypeError(
      `Cannot use ${name} as an axis: it is ${described(axis)}, and must be an array or another ` +
        `iterable of values; for one value pass ${name}: [value]`,
    );
  });
}

/** Returns the entries of the description of a grid, with checked names. */
export function entriesOfGrid(grid: object): [name: string, entry: unknown][] {
  if (typeof grid !== "object" || grid === null || Symbol.iterator in grid) {
    throw new TypeError(
      `Cannot make a grid of ${described(grid)}: pass an object that names its axes, such as ` +
        "{ alpha: [0.1, 0.5] }",
    );
  }
  const entries = Object.entries(grid);
  for (const [name] of entries) checkParamName(name);
  return entries;
}
