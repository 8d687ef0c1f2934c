import { YieldTimer } from "../core/runtime/yield_timer.ts";

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
