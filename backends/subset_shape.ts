import { type KeyShape, keyShape } from "../core/keys/key.ts";
import type { Row } from "../core/values/value.ts";

/** The names of the last call and their shape: many calls ask for the same columns. */
let last: { readonly names: readonly string[]; readonly shape: KeyShape } | undefined;

/** The shape of the columns given. */
export function subsetShape(columns: Row): KeyShape {
  const names = Object.keys(columns).filter((name) => columns[name] !== undefined);
  const isLast = last?.names.length === names.length &&
    last.names.every((name, i) => name === names[i]);
  if (!isLast) last = { names, shape: keyShape(names) };
  return last!.shape;
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
