import { compareValues, kindOf } from "../../../core/values/compare_values.ts";
import type { Value } from "../../../core/values/value.ts";
import type { Mask } from "./column_mask.ts";
import type { Column } from "./column.ts";
import type { Columns } from "./columns.ts";

/** A column to sort by. */
export interface SortColumn {
  readonly name: string;
  readonly isDescending: boolean;
}

/** Compares two rows by their numbers, as a comparator of `sort` does. */
type Compare = (a: number, b: number) => number;

/** The kind of absent values: they are last in both directions. */
const ABSENT = 255;

/** Returns the columns that texts name: with `-` before the name, descending. */
export function sortColumns(texts: readonly string[]): SortColumn[] {
  return texts.map((text) =>
    text.startsWith("-")
      ? { name: text.slice(1), isDescending: true }
      : { name: text, isDescending: false }
  );
}

/** Compares values as {@linkcode compareValues} does, or the other way round; absent ones are last in both. */
export function compareSorted(
  a: Value | undefined,
  b: Value | undefined,
  isDescending: boolean,
): number {
  const order = compareValues(a, b);
  return isDescending && a !== undefined && b !== undefined ? -order : order;
}

/**
 * Returns the first of the selected rows in an order; rows with equal values are in the order of the store.
 *
 * @param mask The selected rows. Default: all.
 */
export function sortedRows(
  columns: Columns,
  mask: Mask | undefined,
  sort: readonly SortColumn[],
  limit: number,
): Int32Array {
  if (sort.length === 0) return selectedRows(columns, mask, limit);
  const orders = sort.flatMap(({ name, isDescending }) => {
    const column = columns.get(name);
    return column ? [orderOf(column, isDescending)] : [];
  });
  const compare: Compare = (a, b) => {
    for (const order of orders) {
      const found = order(a, b);
      if (found !== 0) return found;
    }
    return a - b;
  };
  const rows = selectedRows(columns, mask, Infinity);
  // Most rows are later than the last of a short page: a comparison each.
  return limit < rows.length / 8 ? firstRows(rows, compare, limit) : rows.sort(compare);
}

function selectedRows({ length }: Columns, mask: Mask | undefined, limit: number): Int32Array {
  if (!mask) return Int32Array.from({ length: Math.min(length, limit) }, (_, row) => row);
  const rows = new Int32Array(Math.min(length, limit));
  let count = 0;
  for (let row = 0; row < length && count < limit; row++) if (mask[row] === 1) rows[count++] = row;
  return rows.subarray(0, count);
}

/** Returns the first rows in an order, by a heap with the last of them on top. */
function firstRows(rows: Int32Array, compare: Compare, limit: number): Int32Array {
  const heap = rows.slice(0, limit);
  const sink = (start: number): void => {
    for (let at = start;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) return;
      const right = left + 1;
      const child = right < heap.length && compare(heap[right]!, heap[left]!) > 0 ? right : left;
      if (compare(heap[child]!, heap[at]!) <= 0) return;
      [heap[at], heap[child]] = [heap[child]!, heap[at]!];
      at = child;
    }
  };
  for (let at = heap.length >> 1; at >= 0; at--) sink(at);
  for (let i = limit; i < rows.length && limit > 0; i++) {
    if (compare(rows[i]!, heap[0]!) > 0) continue;
    heap[0] = rows[i]!;
    sink(0);
  }
  return heap.sort(compare);
}

function orderOf(column: Column, isDescending: boolean): Compare {
  if (column.numbers || column.seconds) {
    const isPlain = column.isPlain && column.counts.left_out === 0;
    if (!isPlain) return mixedOrder(column, isDescending);
    return numberOrder(column.numbers ?? column.seconds!, isDescending);
  }
  const ranks = column.long ? column.long.ranks(column.length) : codeRanks(column);
  return numberOrder(ranks, isDescending);
}

/** Compares numbers; NaN is absent. */
function numberOrder(numbers: Float64Array, isDescending: boolean): Compare {
  const sign = isDescending ? -1 : 1;
  return (a, b) => {
    const [x, y] = [numbers[a]!, numbers[b]!];
    if (x === y) return 0;
    if (x < y) return -sign;
    if (x > y) return sign;
    return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
  };
}

/** Returns the places of values among those of a dictionary; NaN for rows without a value. */
function codeRanks(column: Column): Float64Array {
  const { codes, values } = column.coded();
  const sorted = values.map((value, code) => ({ value, code })).slice(1)
    .sort((a, b) => compareValues(a.value, b.value));
  const ranks = new Float64Array(values.length).fill(NaN);
  let rank = 0;
  for (const [i, { value, code }] of sorted.entries()) {
    if (i > 0 && compareValues(sorted[i - 1]!.value, value) !== 0) rank++;
    ranks[code] = rank;
  }
  const byRow = new Float64Array(column.length);
  for (let row = 0; row < byRow.length; row++) byRow[row] = ranks[codes[row]!]!;
  return byRow;
}

/** Compares numbers or times among which other values are. */
function mixedOrder(column: Column, isDescending: boolean): Compare {
  const numbers = column.seconds ?? column.toNumbers();
  const own = column.seconds ? placeOf("") : placeOf(0);
  const places = Uint8Array.from(
    numbers,
    column.seconds ? () => own : (number) => Number.isNaN(number) ? placeOf(NaN) : own,
  );
  const isOther = new Set<number>();
  for (const [row, value] of column.others()) {
    places[row] = placeOf(value);
    if (value !== undefined) isOther.add(row);
  }
  const sign = isDescending ? -1 : 1;
  return (a, b) => {
    const [x, y] = [places[a]!, places[b]!];
    if (x !== y) return x === ABSENT || y === ABSENT ? x - y : sign * (x - y);
    if (!isOther.has(a) && !isOther.has(b)) {
      if (numbers[a]! < numbers[b]!) return -sign;
      return numbers[a]! > numbers[b]! ? sign : 0;
    }
    return sign * compareValues(column.at(a), column.at(b));
  };
}

/** The place of a kind of values in the order; numbers that are NaN are a kind. */
function placeOf(value: Value | undefined): number {
  if (value === undefined) return ABSENT;
  return 2 * kindOf(value) + Number(Number.isNaN(value));
}
