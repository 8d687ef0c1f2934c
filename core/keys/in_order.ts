import { type Row, setEntry } from "../values/value.ts";

/** Returns params in the order of a store's columns; those of no column come last. */
export function inOrder(params: Row, columns: readonly string[]): Row {
  const ordered: Row = {};
  for (const name of [...columns, ...Object.keys(params)]) {
    if (Object.hasOwn(params, name)) setEntry(ordered, name, params[name]!);
  }
  return ordered;
}
