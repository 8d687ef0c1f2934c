import type { Column } from "./column.ts";
import type { Columns } from "./columns.ts";
import type { Mask } from "./column_mask.ts";

/** The largest table of groups by the product of codes. */
const MAX_TABLE = 1 << 22;

/** Rows by the values of some params. */
export interface Groups {
  readonly count: number;
  /** The group of each row. */
  readonly ids: Int32Array;
  /** The first row of each group. */
  readonly first: Int32Array;
}

/** Configurations: one line for each combination of params. Groups without a selected row are left out. */
export interface Cells {
  readonly params: readonly string[];
  readonly count: number;
  /** The cell of each row; -1 for rows that are not selected. */
  readonly ids: Int32Array;
  /** The first row of each cell, of all rows of its combination. */
  readonly first: Int32Array;
  /** The number of rows. */
  readonly rows: Float64Array;
  /** The number of finite numbers of the metric, their mean, sum of squared deviations and extremes. */
  readonly n: Float64Array;
  readonly mean: Float64Array;
  readonly m2: Float64Array;
  readonly least: Float64Array;
  readonly most: Float64Array;
  /** The mean duration; NaN if unknown. */
  readonly took: Float64Array;
}

/** Returns the rows of a store by the values of params. */
export function groupRows(columns: Columns, params: readonly string[]): Groups {
  return columns.once(`groups ${JSON.stringify(params)}`, () => {
    const { length } = columns;
    let groups: Groups = {
      count: Math.min(length, 1),
      ids: new Int32Array(length),
      first: new Int32Array(Math.min(length, 1)),
    };
    let pending: Column[] = [];
    let product = 1;
    const flush = (): void => {
      if (pending.length > 0) groups = split(groups, pending, length);
      pending = [];
      product = groups.count;
    };
    for (const name of params) {
      const column = columns.get(name);
      if (!column || column.long) continue;
      const count = column.coded().values.length;
      if (product * count > Number.MAX_SAFE_INTEGER) flush();
      pending.push(column);
      product *= count;
    }
    flush();
    return groups;
  });
}

/** Returns the number of different rows by the values of params: of many, less memory is used than for groups. */
export function countGroups(columns: Columns, params: readonly string[]): number {
  return columns.once(`count ${JSON.stringify(params)}`, () => {
    const { length } = columns;
    const known = params.flatMap((name) => columns.get(name) ?? []).filter(({ long }) => !long);
    const product = known.reduce((size, column) => size * column.coded().values.length, 1);
    if (product > Number.MAX_SAFE_INTEGER) return groupRows(columns, params).count;
    const keys = combined(known, new Float64Array(length)).sort();
    let count = Math.min(length, 1);
    for (let i = 1; i < length; i++) if (keys[i] !== keys[i - 1]) count++;
    return count;
  });
}

/** Returns numbers that differ where those given, or the values of a column, differ. */
function combined<T extends Int32Array | Float64Array>(columns: readonly Column[], keys: T): T {
  for (const column of columns) {
    const { codes, values: { length: size } } = column.coded();
    for (let i = 0; i < keys.length; i++) keys[i] = keys[i]! * size + codes[i]!;
  }
  return keys;
}

/** Returns groups that also differ by the values of some columns. */
function split(groups: Groups, columns: readonly Column[], length: number): Groups {
  const product = columns.reduce(
    (size, column) => size * column.coded().values.length,
    groups.count,
  );
  const isSmall = product <= MAX_TABLE;
  const keys = combined(
    columns,
    isSmall ? groups.ids.slice() : Float64Array.from(groups.ids),
  );
  const ids = new Int32Array(length);
  const first: number[] = [];
  if (isSmall) {
    const table = new Int32Array(product);
    for (let i = 0; i < length; i++) {
      const key = keys[i]!;
      let id = table[key]!;
      if (id === 0) {
        first.push(i);
        table[key] = id = first.length;
      }
      ids[i] = id - 1;
    }
  } else {
    const table = new Map<number, number>();
    for (let i = 0; i < length; i++) {
      const key = keys[i]!;
      let id = table.get(key);
      if (id === undefined) {
        table.set(key, id = first.length);
        first.push(i);
      }
      ids[i] = id;
    }
  }
  return { count: first.length, ids, first: Int32Array.from(first) };
}

/**
 * Returns the configurations of the selected rows.
 *
 * @param numbers The metric by row; what is not finite is left out.
 */
export function cellsOf(
  columns: Columns,
  params: readonly string[],
  mask: Mask | undefined,
  numbers: Float64Array | undefined,
): Cells {
  const { length, took } = columns;
  const groups = groupRows(columns, params);
  const renumbered = new Int32Array(groups.count).fill(-1);
  const ids = mask ? new Int32Array(length).fill(-1) : groups.ids;
  let { count, first } = groups;
  if (mask) {
    count = 0;
    for (let i = 0; i < length; i++) {
      if (mask[i] === 0) continue;
      const group = groups.ids[i]!;
      if (renumbered[group] === -1) renumbered[group] = count++;
      ids[i] = renumbered[group]!;
    }
    const kept = new Int32Array(count);
    for (let group = 0; group < groups.count; group++) {
      if (renumbered[group] !== -1) kept[renumbered[group]!] = first[group]!;
    }
    first = kept;
  }
  const make = (): Float64Array => new Float64Array(count);
  const [rows, n, mean, m2, tookSum, tookCount] = [make(), make(), make(), make(), make(), make()];
  const least = make().fill(Infinity);
  const most = make().fill(-Infinity);
  for (let i = 0; i < length; i++) {
    const id = ids[i]!;
    if (id === -1) continue;
    rows[id]!++;
    const seconds = took[i]!;
    if (seconds >= 0 || seconds < 0) {
      tookSum[id]! += seconds;
      tookCount[id]!++;
    }
    if (!numbers) continue;
    const number = numbers[i]!;
    if (!(Math.abs(number) < Infinity)) continue;
    n[id]!++;
    mean[id]! += number;
    if (number < least[id]!) least[id] = number;
    if (number > most[id]!) most[id] = number;
  }
  for (let id = 0; id < count; id++) mean[id] = n[id] === 0 ? NaN : mean[id]! / n[id]!;
  if (numbers) {
    for (let i = 0; i < length; i++) {
      const id = ids[i]!;
      if (id === -1) continue;
      const number = numbers[i]!;
      if (Math.abs(number) < Infinity) m2[id]! += (number - mean[id]!) ** 2;
    }
  }
  for (let id = 0; id < count; id++) tookSum[id]! /= tookCount[id]!;
  return { params, count, ids, first, rows, n, mean, m2, least, most, took: tookSum };
}
