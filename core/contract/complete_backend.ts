import { allRowsSince } from "./all_rows_since.ts";
import type { Backend, MaybePromise, RowsOptions, ValueBatch } from "./backend.ts";
import { ClaimsHere } from "./claims_here.ts";
import { sourceIn } from "../values/columns.ts";
import { StoreError } from "../errors.ts";
import { type Key, keyOf, keyShape } from "../keys/key.ts";
import { Queue } from "../runtime/queue.ts";
import { toRow } from "../values/to_row.ts";
import { type Row, setEntry, type Value } from "../values/value.ts";

/** A backend with every optional member there, but for what only some stores can have. */
export type CompleteBackend =
  & Required<Omit<Backend, "cells" | "texts">>
  & Pick<Backend, "texts">;

const completed = new WeakMap<Backend, CompleteBackend>();

/**
 * Returns the same store with every optional member: its own where it has one, else a correct one made
 * of the five required methods. Made once for each open backend, so that claims and failures kept here
 * hold for all functions and Stores of this process that were given it.
 */
export function completeBackend(backend: Backend): CompleteBackend {
  let complete = completed.get(backend);
  if (!complete) {
    complete = adapted(backend);
    completed.set(backend, complete);
    completed.set(complete, complete);
  }
  return complete;
}

function adapted(backend: Backend): CompleteBackend {
  // Bound, not wrapped: what a backend answers at once stays at once.
  const complete: CompleteBackend = {
    location: backend.location,
    has: backend.has.bind(backend),
    record: backend.claim
      ? (row) => backend.record(toRow(row))
      : (row) => changes.run(() => backend.record(toRow(row))),
    load: backend.load.bind(backend),
    remove: backend.remove.bind(backend),
    clear: backend.failures ? backend.clear.bind(backend) : () =>
      changes.run(async () => {
        await backend.clear();
        here.forgetAll();
      }),
    close: backend.claim ? backend.close.bind(backend) : () =>
      changes.run(() => {
        here.end();
        return backend.close();
      }),
    rows: backend.rows?.bind(backend) ?? ((options) => loadRows(backend, options)),
    valueBatches: backend.valueBatches?.bind(backend) ??
      ((columns) => batchesOf(complete, columns)),
    ...backend.texts && { texts: backend.texts.bind(backend) },
    recordAll: backend.recordAll?.bind(backend) ?? ((rows) => recordEach(complete, rows)),
    rowsSince: backend.rowsSince?.bind(backend) ?? ((mark) => allRowsSince(backend, mark)),
    columns: backend.columns?.bind(backend) ?? (() => columnsOf(backend)),
    find: backend.find?.bind(backend) ?? ((key) => search(backend, key)),
    hasKey: backend.hasKey?.bind(backend) ??
      (async (key) => await complete.find(key) !== undefined),
    sourceOf: backend.sourceOf?.bind(backend) ??
      (async (key) => {
        const row = await complete.find(key);
        return row && sourceIn(row);
      }),
    removeKey: backend.removeKey?.bind(backend) ?? ((key) => removeRows(backend, key)),
    removeKeys: backend.removeKeys?.bind(backend) ?? ((keys) => removeEach(complete, keys)),
    claim: backend.claim?.bind(backend) ?? ((key, options) => here.claim(key, options)),
    together: backend.together?.bind(backend) ?? ((body) => body()),
    exists: backend.exists?.bind(backend) ?? (() => true),
    failures: backend.failures?.bind(backend) ?? (() => here.failures()),
    forget: backend.forget?.bind(backend) ?? ((params) => here.forget(params)),
    claims: backend.claims?.bind(backend) ?? (() => here.claims()),
    verify: backend.verify?.bind(backend) ?? (() => []),
  };
  /** Changes are made in the order of the calls, also if keys are looked up first or nobody awaits. */
  const changes = new Queue();
  const here = new ClaimsHere(complete, (key, isDone, row) =>
    changes.run(async () => {
      const found = await complete.find(key); // it may have been recorded without a claim
      if (found && isDone?.(found)) return;
      if (found) await complete.removeKey(key);
      await backend.record(toRow(row));
    }));
  return complete;
}

async function* loadRows(backend: Backend, options: RowsOptions = {}): AsyncGenerator<Row> {
  for (const row of await backend.load()) yield options.columns ? pick(row, options.columns) : row;
}

/** How many rows are in a batch of values. */
const BATCH = 2048;

async function* batchesOf(
  { rows }: CompleteBackend,
  columns: readonly string[],
): AsyncGenerator<ValueBatch> {
  let batch: (Value | undefined)[][] = [];
  for await (const row of rows({ columns })) {
    batch.push(columns.map((name) => Object.hasOwn(row, name) ? row[name] : undefined));
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function recordEach(
  backend: CompleteBackend,
  rows: Iterable<Row> | AsyncIterable<Row>,
): Promise<number> {
  let count = 0;
  for await (const row of rows) {
    await backend.record(row);
    count++;
  }
  return count;
}

async function columnsOf(backend: Backend): Promise<readonly string[]> {
  return [...new Set((await backend.load()).flatMap((row) => Object.keys(row)))];
}

function search(backend: Backend, { shape, text }: Key): MaybePromise<Row | undefined> {
  const newest = (rows: readonly Row[]) => rows.findLast((row) => keyOf(shape, row).text === text);
  const rows = backend.load();
  return rows instanceof Promise ? rows.then(newest) : newest(rows);
}

/** `remove` takes all rows that agree on the columns given: others must not be among them. */
async function removeRows(backend: Backend, key: Key): Promise<number> {
  const rows = await backend.load();
  const [gone, kept] = [true, false].map((isGone) =>
    rows.filter((row) => (keyOf(key.shape, row).text === key.text) === isGone)
  ) as [Row[], Row[]];
  for (const row of gone) {
    const shape = keyShape(Object.keys(row));
    const { text } = keyOf(shape, row);
    if (kept.some((other) => keyOf(shape, other).text === text)) {
      throw new StoreError(
        `Cannot remove one row of "${backend.location}" without others that agree on all its ` +
          `columns; remove them by a column that only it has`,
      );
    }
  }
  for (const row of gone) await backend.remove(row);
  return gone.length;
}

async function removeEach({ removeKey }: CompleteBackend, keys: readonly Key[]): Promise<number> {
  let count = 0;
  for (const key of keys) count += await removeKey(key);
  return count;
}

function pick(row: Row, columns: readonly string[]): Row {
  const picked: Row = {};
  for (const name of columns) {
    const value = Object.hasOwn(row, name) ? row[name] : undefined;
    if (value !== undefined) setEntry(picked, name, value);
  }
  return picked;
}
