import { type KeyShape, keyShape } from "../core/key.ts";
import type { Row } from "../core/value.ts";

const shapes = new Map<string, KeyShape>();

/** The shape of the columns given; one for each set of them, so that what is indexed by it is found again. */
export function subsetShape(columns: Row): KeyShape {
  const names = Object.keys(columns).filter((name) => columns[name] !== undefined).sort();
  const text = JSON.stringify(names);
  let shape = shapes.get(text);
  if (!shape) shapes.set(text, shape = keyShape(names));
  return shape;
}

/**
 * The same of the columns by which rows are removed.
 *
 * @throws {TypeError} If there is none.
 */
export function removedShape(path: string, columns: Row): KeyShape {
  const shape = subsetShape(columns);
  if (shape.columns!.length > 0) return shape;
  throw new TypeError(
    `Cannot remove rows of "${path}" without a column to match: use clear() to remove all`,
  );
}
