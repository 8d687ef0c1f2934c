import { FingerprintSet } from "../../core/keys/fingerprint_set.ts";
import { type Key, keyOf, type KeyShape } from "../../core/keys/key.ts";
import { ConditionVariable } from "../../core/runtime/condition_variable.ts";
import type { MaybePromise } from "../../core/runtime/maybe_promise.ts";
import { isKeyColumn, SOURCE, sourceIn } from "../../core/values/columns.ts";
import type { Row } from "../../core/values/value.ts";

/** Number of lookups that found a row after which keys may be read ahead, and of rows read for each of them. */
const MIN_FOUND = 1_000, MAX_ROWS_PER_FOUND = 32;
/** Maximum number of rows whose keys are kept, about 20 bytes each. */
const MAX_KNOWN = 5_000_000;
/** Time for which known keys are believed without asking the server, in milliseconds. */
const FRESH_MS = 100;
/** Time without a lookup after which they are forgotten, in milliseconds. */
const MAX_IDLE_MS = 1_000;
/** Time after which they are read again, in milliseconds: rows that other programs delete are noted nowhere. */
const MAX_AGE_MS = 30_000;

/** The rows of a store, as known keys are read from them. */
export interface KnownRows {
  /** Returns the source of the newest row with a key, by a statement. */
  look(key: Key): Promise<string | undefined>;
  /** Returns the number of the last row, and a text that is another once rows were removed or replaced. */
  state(): Promise<{ readonly last: string; readonly removals: string }>;
  /** Returns the columns of the table. */
  columns(): Promise<readonly string[]>;
  /** Returns columns of the rows between two numbers, oldest first, many at a time. */
  pages(after: string, upTo: string, columns: readonly string[]): AsyncIterable<readonly Row[]>;
}

/**
 * Answers lookups from keys that were read ahead. A sweep that passes over a million keys that are done asks the
 * server for each of them: to read the keys of all rows once takes a tenth of that.
 *
 * Only rows answer: a key that is not known is looked up. Known keys are believed for 100 ms. Then the server is asked
 * if rows were removed or replaced since: if so, all are forgotten, if not, newer rows are read. A second without a
 * lookup ends it, and so do 30 seconds with lookups: rows that other programs delete are missed by no later sweep, nor
 * for long by a program that never pauses.
 */
export class KnownKeys {
  readonly #rows: KnownRows;
  readonly #maxAgeMs: number;
  #shape: KeyShape | undefined;
  #found = 0;
  #asked = -Infinity;
  #known: Known | undefined;
  #isBeginning = false;

  constructor(rows: KnownRows, maxAgeMs = MAX_AGE_MS) {
    this.#rows = rows;
    this.#maxAgeMs = maxAgeMs;
  }

  /** Returns the source of the newest row with a key: empty if it has none, undefined if there is no such row. */
  sourceOf(key: Key): MaybePromise<string | undefined> {
    const now = performance.now();
    if (key.shape !== this.#shape || now - this.#asked > MAX_IDLE_MS) {
      this.#shape = key.shape;
      this.#forget();
    }
    this.#asked = now;
    if (this.#known && now - this.#known.complete > this.#maxAgeMs) this.#known = undefined;
    const known = this.#known;
    if (!known) return this.#look(key);
    const isFresh = now - known.confirmed <= FRESH_MS;
    return (isFresh ? known.sourceOf(key) : undefined) ?? this.#lookKnown(known, key, isFresh);
  }

  /** Looks a key up once known keys are confirmed, and read as far as that takes to find it. */
  async #lookKnown(known: Known, key: Key, isFresh: boolean): Promise<string | undefined> {
    if (!isFresh) await this.#confirmed(known);
    while (known === this.#known) {
      const source = known.sourceOf(key);
      if (source !== undefined) return source;
      if (!known.isReading) break;
      await known.pageRead.wait();
    }
    return await this.#look(key);
  }

  #forget(): void {
    this.#known = undefined;
    this.#found = 0;
  }

  async #look(key: Key): Promise<string | undefined> {
    const source = await this.#rows.look(key);
    if (source === undefined || key.shape !== this.#shape) return source;
    if (++this.#found % MIN_FOUND === 0 && !this.#known && !this.#isBeginning) {
      this.#isBeginning = true;
      // Trouble of the server is that of the next lookup.
      this.#begin(key.shape).catch(() => this.#forget()).finally(() => this.#isBeginning = false);
    }
    return source;
  }

  /** Reads the keys of all rows, if they are few beside the lookups that found one. */
  async #begin(shape: KeyShape): Promise<void> {
    const sent = performance.now();
    const { last, removals } = await this.#rows.state();
    const count = Number(last);
    if (count > MAX_KNOWN || count > this.#found * MAX_ROWS_PER_FOUND) return;
    const columns = shape.columns ?? (await this.#rows.columns()).filter(isKeyColumn);
    const known = new Known(shape, [...columns, SOURCE], removals, sent);
    if (shape !== this.#shape) return;
    this.#known = known;
    await this.#read(known, last);
    known.complete = performance.now();
  }

  async #read(known: Known, last: string): Promise<void> {
    const { columns, read } = known;
    known.read = last;
    known.isReading = true;
    try {
      for await (const rows of this.#rows.pages(read, last, columns)) {
        if (this.#known !== known) return;
        for (const row of rows) known.add(row);
        known.pageRead.notifyAll();
      }
    } finally {
      known.isReading = false;
      known.pageRead.notifyAll();
    }
  }

  async #confirmed(known: Known): Promise<void> {
    await (known.confirming ??= this.#confirm(known).finally(() => known.confirming = undefined));
  }

  async #confirm(known: Known): Promise<void> {
    const sent = performance.now();
    const { last, removals } = await this.#rows.state();
    // Without the last row that was read, other programs removed rows.
    if (removals !== known.removals || BigInt(last) < BigInt(known.read)) {
      if (this.#known === known) this.#forget();
      return;
    }
    known.confirmed = sent;
    if (known.isReading || last === known.read) return;
    this.#read(known, last).catch(() => this.#forget());
  }
}

/** Keys of rows of one shape, with the source of the newest row of each. */
class Known {
  readonly columns: readonly string[];
  readonly removals: string;
  /** Time at which the server was asked last if they hold. */
  confirmed: number;
  confirming: Promise<void> | undefined;
  /** Time at which all rows of the beginning were read. */
  complete = Infinity;
  /** Number of the last row that was read. */
  read = "-1";
  isReading = false;
  /** Notified when a page of rows was read, and at the end. */
  readonly pageRead = new ConditionVariable();
  readonly #shape: KeyShape;
  readonly #keys = new FingerprintSet();
  readonly #names: string[] = [];
  /** Number of the source of each key. */
  #sources = new Uint16Array(1024);

  constructor(shape: KeyShape, columns: readonly string[], removals: string, confirmed: number) {
    this.#shape = shape;
    this.columns = columns;
    this.removals = removals;
    this.confirmed = confirmed;
  }

  /** Adds the key of a row, which is newer than those added before. */
  add(row: Row): void {
    const source = sourceIn(row);
    let name = this.#names.indexOf(source);
    if (name < 0) name = this.#names.push(source) - 1;
    const number = this.#keys.add(keyOf(this.#shape, row).fingerprint);
    if (number === this.#sources.length) {
      this.#sources = new Uint16Array(this.#sources.buffer.transfer(2 * this.#sources.byteLength));
    }
    this.#sources[number] = name;
  }

  sourceOf({ fingerprint }: Key): string | undefined {
    const number = this.#keys.numberOf(fingerprint);
    return number < 0 ? undefined : this.#names[this.#sources[number]!];
  }
}
