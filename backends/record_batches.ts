import type { MaybePromise } from "../core/contract/backend.ts";
import { YieldTimer } from "../core/runtime/yield_timer.ts";
import { checkColumn } from "../core/values/columns.ts";
import type { Row } from "../core/values/value.ts";

/**
 * Records rows a batch at a time, and returns their number.
 *
 * @param columns Columns of the store, which is made with them even if there is no row.
 * @param prepare Checks a row, and returns it as it is recorded.
 */
export async function recordBatches(
  rows: Iterable<Row> | AsyncIterable<Row>,
  columns: readonly string[],
  size: number,
  prepare: (row: Row) => Row,
  add: (rows: readonly Row[]) => MaybePromise<void>,
): Promise<number> {
  columns.forEach(checkColumn);
  let count = 0;
  for await (const batch of batchesOf(rows, size)) {
    await add(batch.map((row) => prepare(row)));
    count += batch.length;
  }
  if (count === 0 && columns.length > 0) await add([]);
  return count;
}

/** Gives rows in arrays of so many, the last one shorter; yields to the event loop between them. */
export async function* batchesOf<T>(
  rows: Iterable<T> | AsyncIterable<T>,
  size: number,
): AsyncGenerator<readonly T[]> {
  const timer = new YieldTimer();
  let batch: T[] = [];
  for await (const row of rows) {
    batch.push(row);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
    if (timer.isDue()) await timer.yield();
  }
  if (batch.length > 0) yield batch;
}
