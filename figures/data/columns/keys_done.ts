import { NAMESPACE } from "../../../core/values/columns.ts";
import type { Row } from "../../../core/values/value.ts";
import { type Column, keyOf } from "./column.ts";
import type { Columns } from "./columns.ts";

/** Returns for each of some keys, given by their params, true if it has a row. */
export function keysDone(columns: Columns, keys: readonly Row[]): boolean[] {
  if (keys.length === 0) return [];
  const names = new Set([...columns.params, NAMESPACE, ...keys.flatMap((key) => Object.keys(key))]);
  /** Keys and rows with equal values have equal groups; -1 for a row that is none of the keys. */
  let ofKeys: readonly number[] = keys.map(() => 0);
  const ofRows = new Int32Array(columns.length);
  const known = [...names].map((name) => ({ name, column: columns.get(name) }));
  known.sort((a, b) => costOf(a.column) - costOf(b.column));
  for (const { name, column } of known) {
    const codes = new Map<unknown, number>();
    const groups = new Map<number, number>();
    const groupOf = (group: number, code: number): number => group * (keys.length + 1) + code;
    ofKeys = keys.map((key, i) => {
      const value = Object.hasOwn(key, name) ? keyOf(key[name]!) : undefined;
      const code = codes.get(value) ?? codes.size;
      codes.set(value, code);
      const pair = groupOf(ofKeys[i]!, code);
      const group = groups.get(pair) ?? groups.size;
      groups.set(pair, group);
      return group;
    });
    const codeOf = codeReader(column, codes);
    for (let row = 0; row < ofRows.length; row++) {
      if (ofRows[row] === -1) continue;
      const code = codeOf(row);
      ofRows[row] = code === undefined ? -1 : groups.get(groupOf(ofRows[row]!, code)) ?? -1;
    }
  }
  const done = new Set(ofRows);
  return ofKeys.map((group) => done.has(group));
}

/** Values of a dictionary are compared first: few rows are left for the others. */
function costOf(column: Column | undefined): number {
  if (!column) return 0;
  return column.long ? 2 : Number(column.numbers !== undefined);
}

/** Returns the reader of a row's code in a map by values; undefined for other values. */
function codeReader(
  column: Column | undefined,
  codes: ReadonlyMap<unknown, number>,
): (row: number) => number | undefined {
  const absent = codes.get(undefined);
  if (!column) return () => absent;
  const codeOf = (row: number): number | undefined => {
    const value = column.at(row);
    return value === undefined ? absent : codes.get(keyOf(value));
  };
  if (column.long || column.numbers || column.seconds) return codeOf;
  const { codes: all, values } = column.coded();
  const table = values.map((value) => value === undefined ? absent : codes.get(keyOf(value)));
  return (row) => table[all[row]!];
}
