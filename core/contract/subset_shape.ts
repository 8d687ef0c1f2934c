import { type Key, keyOf, type KeyShape, keyShape } from "../keys/key.ts";
import type { Row } from "../values/value.ts";

/** Names and shape of the last call: successive calls name the same columns. */
let last: { readonly names: readonly string[]; readonly shape: KeyShape } | undefined;

/** Returns the shape of the columns given. */
export function subsetShape(columns: Row): KeyShape {
  const names = Object.keys(columns).filter((name) => columns[name] !== undefined);
  const isLast = last?.names.length === names.length &&
    last.names.every((name, i) => name === names[i]);
  if (!isLast) last = { names, shape: keyShape(names) };
  return last!.shape;
}

/**
 * Returns the key of the rows that `remove` removes.
 *
 * @throws {TypeError} If no column is given.
 */
export function removedKey(location: string, columns: Row): Key {
  const shape = subsetShape(columns);
  if (shape.columns!.length > 0) return keyOf(shape, columns);
  throw new TypeError(
    `Cannot remove rows of "${location}" without a column to match: use clear() to remove all`,
  );
}

/** Returns a test of whether a row agrees on all columns given, by cell text. */
export function agreesWith(columns: Row): (row: Row) => boolean {
  const shape = subsetShape(columns);
  const { text } = keyOf(shape, columns);
  return (row) => keyOf(shape, row).text === text;
}
