import { StoreError } from "../errors.ts";
import { Fingerprint } from "../keys/fingerprint.ts";
import { CELL_END, type Key, keyOf, NAME_END } from "../keys/key.ts";
import { andThen, type MaybePromise } from "../runtime/maybe_promise.ts";
import { YieldTimer } from "../runtime/yield_timer.ts";
import { writeCell } from "../values/cell.ts";
import { orderColumns, pick } from "../values/columns.ts";
import { toRow } from "../values/to_row.ts";
import type { Row } from "../values/value.ts";
import type {
  Backend,
  ClaimAnswer,
  ClaimOptions,
  Claims,
  Failure,
  HeldKey,
  KeyAccess,
  RowsAfter,
} from "./backend.ts";
import { Engine, type RowsOptions } from "./engine.ts";
import { ProcessClaims } from "./process_claims.ts";
import { agreesWith } from "./subset_shape.ts";
import type { SweepPlan } from "./sweep_plan.ts";

const adapted = new WeakMap<Backend, Engine>();

/** Returns a backend as an engine: itself if it is one, else its one adapter, which keeps its claims. */
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
  /** By namespace. */
  readonly #plans = new Map<string, SweepPlan>();
  /** The end of the last change. */
  #changed: Promise<unknown> = Promise.resolve();

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
      (key, isDone, row) => this.#change(() => this.#replace(key, isDone, row)),
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
    return this.#change(() => this.#backend.record(toRow(row)));
  }

  override load(): MaybePromise<Row[]> {
    return this.#backend.load();
  }

  override remove(columns: Row): MaybePromise<number> {
    return this.#backend.remove(columns);
  }

  clear(): MaybePromise<void> {
    return this.#change(async () => {
      await this.#backend.clear();
      this.#own?.forgetAll();
    });
  }

  close(): MaybePromise<void> {
    return this.#change(() => {
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

  override plans(): readonly SweepPlan[] {
    return [...this.#plans.values()];
  }

  override notePlan(plan: SweepPlan): void {
    this.#plans.set(plan.namespace, plan);
  }

  /** Makes a change after all before it: in the order of the calls, even if nothing awaits them. */
  #change<T>(change: () => MaybePromise<T>): Promise<T> {
    const result = this.#changed.then(change);
    this.#changed = result.catch(() => {}); // its caller gets the error
    return result;
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
    if (kept.some(agreesWith(row))) {
      throw new StoreError(
        `Cannot remove one row of "${backend.location}" without others that agree on all its ` +
          `columns; remove them by a column that only it has`,
      );
    }
  }
  for (const row of gone) await backend.remove(row);
  return gone.length;
}

/** Returns the rows after a cursor of a store that can only be read whole: all, if one of them changed. */
export async function allRowsAfter(
  backend: Backend,
  cursor: string | undefined,
): Promise<RowsAfter> {
  const rows = await backend.load();
  const fingerprint = new Fingerprint().begin();
  const timer = new YieldTimer();
  for (const row of rows) {
    if (timer.isDue(16)) await timer.yield();
    for (const [name, value] of Object.entries(row)) {
      fingerprint.text(name).text(NAME_END).text(writeCell(value)).text(CELL_END);
    }
    fingerprint.text("\n");
  }
  const { a, b, c } = fingerprint.end();
  const now = `${rows.length} ${a} ${b} ${c}`;
  return cursor === now
    ? { cursor, isWhole: false, rows: [] }
    : { cursor: now, isWhole: true, rows };
}
