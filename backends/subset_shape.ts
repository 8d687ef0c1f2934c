import { type KeyShape, keyShape } from "../core/key.ts";
import type { Row } from "../core/value.ts";

/** The shape of the columns given. */
export function subsetShape(columns: Row): KeyShape {
  return keyShape(Object.keys(columns).filter((name) => columns[name] !== undefined));
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
