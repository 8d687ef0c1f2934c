import { messageOf } from "../../core/errors.ts";
import { yielding, YieldTimer } from "../../core/runtime/yield_timer.ts";
import type { Row } from "../../core/values/value.ts";
import { rowOf } from "./columnar_base.ts";
import type { ColumnarFiles } from "./columnar_files.ts";
import type { ColumnarFile } from "./columnar_format.ts";

/** Attempts to read a delta that other processes replace. */
const MAX_TRIES = 6;

/** The rows of a store at one moment: its files are held open. */
export interface HeldStore {
  readonly file: ColumnarFile | undefined;
  /** To be read once. */
  readonly delta: Iterable<Row>;
  /** Releases the files, once. */
  close(): void;
}

/** Holds both files of a store as they are now. */
export function holdStore(files: ColumnarFiles, columns?: readonly string[]): HeldStore {
  const { opened } = files.base;
  const rows = files.delta.rows(columns);
  const first = rows.next(); // opens the delta, whatever takes its path
  opened?.held.retain();
  const close = (): void => {
    opened?.held.release();
    rows.return(undefined);
  };
  return { file: opened?.file, delta: begun(first, rows), close };
}

function* begun(first: IteratorResult<Row>, rows: Iterable<Row>): Generator<Row> {
  if (first.done) return;
  yield first.value;
  yield* rows;
}

/** Reads the files as they are at one moment, again if the delta was replaced between two system calls. */
export async function readingHeld<T>(files: ColumnarFiles, read: () => T): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await files.reading(read);
    } catch (error) {
      const wasReplaced = (error as { readonly code?: unknown }).code === "ENOENT" ||
        /replaced just now/.test(messageOf(error));
      if (attempt > MAX_TRIES || !wasReplaced) throw error;
    }
  }
}

/** Yields the rows of a held store from number `start` up to `end`, and releases it. */
export async function* heldRows(
  { file, delta, close }: HeldStore,
  columns?: readonly string[],
  start = 0,
  end = Infinity,
): AsyncGenerator<Row> {
  const { rowCount = 0 } = file ?? {};
  const timer = new YieldTimer();
  const fileEnd = Math.min(end, rowCount);
  try {
    const known = file?.columns.map(({ name }) => name) ?? [];
    const names = columns ? columns.filter((name) => known.includes(name)) : known;
    for await (const batch of file?.batches(names, Math.min(start, fileEnd), fileEnd) ?? []) {
      for (let i = 0; i < batch.length; i++) {
        if (timer.isDue(16)) await timer.yield();
        yield rowOf(names, batch, i);
      }
    }
    let passed = rowCount;
    for await (const row of yielding(delta)) {
      if (passed >= end) return;
      if (passed++ >= start) yield row;
    }
  } finally {
    close();
  }
}
