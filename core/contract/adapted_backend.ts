import { StoreError } from "../errors.ts";
import { type Key, keyOf, keyShape } from "../keys/key.ts";
import { andThen, type MaybePromise } from "../runtime/maybe_promise.ts";
import { Queue } from "../runtime/queue.ts";
import { orderColumns } from "../values/columns.ts";
import { toRow } from "../values/to_row.ts";
import { type Row, setEntry } from "../values/value.ts";
import { allRowsAfter } from "./all_rows_after.ts";
import type {
  Backend,
  ClaimAnswer,
  Claims,
  Failure,
  HeldKey,
  KeyAccess,
  RowsAfter,
} from "./backend.ts";
import type { ClaimOptions } from "./backend.ts";
import { Engine, type RowsOptions } from "./engine.ts";
import { ProcessClaims } from "./process_claims.ts";

const adapted = new WeakMap<Backend, Engine>();

/**
 * Returns a backend as an engine: itself if it is one, else its adapter. There is one adapter for each
 * backend object, so that claims and failures kept in this process hold for all that use the object.
 */
export function engineOf(backend: Backend): Engine {
  if (backend instanceof Engine) return backend;
  let engine = adapted.get(backend);
  if (!engine) {
    engine = new AdaptedBackend(backend);
    adapted.set(backend, engine);
  }
  return engine;
}

/** A backend of the public contract as an engine: what it lacks is derived from its five methods. */
class AdaptedBackend extends Engine {
  readonly location: string;
  readonly #backend: Backend;
  readonly #keys: KeyAccess;
  readonly #claims: Claims;
  /** Undefined if the backend keeps claims itself. */
  readonly #own: ProcessClaims | undefined;
  /** Changes are made in the order of the calls, even if keys are looked up first or nothing awaits them. */
  readonly #changes = new Queue();

  constructor(backend: Backend) {
    super();
    this.location = backend.location;
    this.#backend = backend;
    this.#keys = backend.keys ?? {
      find: (key) => search(backend, key),
      remove: (key) => removeRows(backend, key),
    };
    this.#own = backend.claims ? undefined : new ProcessClaims(
      this.location,
      (key) => this.find(key),
      (key, isDone, row) => this.#changes.run(() => this.#replace(key, isDone, row)),
    );
    this.#claims = backend.claims ?? this.#own!;
  }

  exists(): MaybePromise<boolean> {
    return this.#backend.exists?.() ?? true;
  }

  override has(columns: Row): MaybePromise<boolean> {
    return this.#backend.has(columns);
  }

  record(row: Row): MaybePromise<void> {
    if (!this.#own) return this.#backend.record(toRow(row));
    return this.#changes.run(() => this.#backend.record(toRow(row)));
  }

  override load(): MaybePromise<Row[]> {
    return this.#backend.load();
  }

  override remove(columns: Row): MaybePromise<number> {
    return this.#backend.remove(columns);
  }

  clear(): MaybePromise<void> {
    return this.#changes.run(async () => {
      await this.#backend.clear();
      this.#own?.forgetAll();
    });
  }

  close(): MaybePromise<void> {
    return this.#changes.run(() => {
      this.#own?.end();
      return this.#backend.close();
    });
  }

  rowsAfter(cursor?: string): MaybePromise<RowsAfter> {
    return this.#backend.rowsAfter?.(cursor) ?? allRowsAfter(this.#backend, cursor);
  }

  async *rows({ columns }: RowsOptions = {}): AsyncGenerator<Row> {
    const rows = await this.#backend.rowsAfter?.() ?? { rows: await this.#backend.load() };
    for await (const row of rows.rows) yield columns ? pick(row, columns) : row;
  }

  async columns(): Promise<readonly string[]> {
    const names = new Set<string>();
    for await (const row of this.rows()) for (const name of Object.keys(row)) names.add(name);
    return orderColumns([], names);
  }

  find(key: Key): MaybePromise<Row | undefined> {
    return this.#keys.find(key);
  }

  async recordAll(rows: Iterable<Row> | AsyncIterable<Row>): Promise<number> {
    let count = 0;
    for await (const row of rows) {
      await this.record(row);
      count++;
    }
    return count;
  }

  async removeKeys(keys: readonly Key[]): Promise<number> {
    let count = 0;
    for (const key of keys) count += await this.#keys.remove(key);
    return count;
  }

  claim(key: Key, options?: ClaimOptions): MaybePromise<ClaimAnswer> {
    return this.#claims.claim(key, options);
  }

  held(): MaybePromise<readonly HeldKey[]> {
    return this.#claims.held();
  }

  failures(): MaybePromise<readonly Failure[]> {
    return this.#claims.failures();
  }

  forget(params: readonly Row[]): MaybePromise<number> {
    return this.#claims.forget(params);
  }

  /** Adds a row in place of one of its key that does not count as done. */
  async #replace(key: Key, isDone: ClaimOptions["isDone"], row: Row): Promise<void> {
    const found = await this.find(key); // it may have been recorded without a claim
    if (found && isDone?.(found)) return;
    if (found) await this.#keys.remove(key);
    await this.#backend.record(toRow(row));
  }
}

function search(backend: Backend, { shape, text }: Key): MaybePromise<Row | undefined> {
  return andThen(
    backend.load(),
    (rows) => rows.findLast((row) => keyOf(shape, row).text === text),
  );
}

/** `remove` takes all rows that agree on the columns given: rows of other keys must not be among them. */
async function removeRows(backend: Backend, key: Key): Promise<number> {
  const rows = await backend.load();
  const isGone = (row: Row): boolean => keyOf(key.shape, row).text === key.text;
  const gone = rows.filter(isGone);
  const kept = rows.filter((row) => !isGone(row));
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

function pick(row: Row, columns: readonly string[]): Row {
  const picked: Row = {};
  for (const name of columns) {
    const value = Object.hasOwn(row, name) ? row[name] : undefined;
    if (value !== undefined) setEntry(picked, name, value);
  }
  return picked;
}
