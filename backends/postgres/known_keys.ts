import { FingerprintSet } from "../../core/keys/fingerprint_set.ts";
import { Fingerprints } from "../../core/keys/fingerprints.ts";
import { CELL_END, type Key, type KeyShape } from "../../core/keys/key.ts";
import { ConditionVariable } from "../../core/runtime/condition_variable.ts";
import type { MaybePromise } from "../../core/runtime/maybe_promise.ts";
import { readCell } from "../../core/values/cell.ts";
import { isKeyColumn, SOURCE } from "../../core/values/columns.ts";
import type { CellPage } from "./cell_pages.ts";

/** Number of lookups that found a row after which keys may be read ahead, and of rows read for each of them. */
const MIN_FOUND = 1_000, MAX_ROWS_PER_FOUND = 128;
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
  /**
   * Returns the cells of the rows between two numbers, oldest first, many at a time.
   *
   * @param columns The columns. Default: those of keys, and the source.
   */
  pages(after: string, upTo: string, columns?: readonly string[]): AsyncIterable<CellPage>;
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
  /** Time of the lookups of this tick: reading the clock takes longer than one of them. */
  #now: number | undefined;

  constructor(rows: KnownRows, maxAgeMs = MAX_AGE_MS) {
    this.#rows = rows;
    this.#maxAgeMs = maxAgeMs;
  }

  /** Returns the source of the newest row with a key: empty if it has none, undefined if there is no such row. */
  sourceOf(key: Key): MaybePromise<string | undefined> {
    const now = this.#now ??= this.#readClock();
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

  #readClock(): number {
    queueMicrotask(() => this.#now = undefined);
    return performance.now();
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
    const known = new Known(shape, removals, sent, count);
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
      for await (const page of this.#rows.pages(read, last, columns)) {
        if (this.#known !== known) return;
        known.add(page);
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
  /** The columns that are read; undefined: those of keys, and the source. */
  readonly columns: readonly string[] | undefined;
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
  readonly #keys: FingerprintSet;
  readonly #fingerprints = new Fingerprints();
  /** The sources, and the number of each by its cell. */
  readonly #sources: string[] = [];
  readonly #sourceNumbers = new Map<string, number>();
  /** Number of the source of each key. */
  #numbers: Uint16Array<ArrayBuffer>;

  /** @param expected Number of rows of the beginning. */
  constructor(shape: KeyShape, removals: string, confirmed: number, expected: number) {
    this.#keys = new FingerprintSet(expected);
    this.#numbers = new Uint16Array(Math.max(1024, expected));
    this.#shape = shape;
    this.columns = shape.columns && [...shape.columns, SOURCE];
    this.removals = removals;
    this.confirmed = confirmed;
  }

  /** Adds the keys of rows, which are newer than those added before. */
  add({ length, columns }: CellPage): void {
    const { defaults } = this.#shape;
    const names = this.#shape.columns ??
      [...new Set([...[...columns.keys()].filter(isKeyColumn), ...defaults.keys()])].sort();
    const fingerprints = this.#fingerprints.begin(length);
    for (const name of names) {
      fingerprints.column(name, columns.get(name), defaults.get(name) ?? "");
    }
    const sources = columns.get(SOURCE);
    let source = CELL_END; // with its end
    let sourceNumber = this.#numberOf("");
    for (let i = 0, at = 0; i < length; i++) {
      if (sources !== undefined) {
        if (!sources.startsWith(source, at)) {
          source = sources.slice(at, sources.indexOf(CELL_END, at) + 1);
          sourceNumber = this.#numberOf(source.slice(0, -1));
        }
        at += source.length;
      }
      const number = this.#keys.add(fingerprints.end(i));
      if (number === this.#numbers.length) {
        const bytes = this.#numbers.buffer.transfer(2 * this.#numbers.byteLength);
        this.#numbers = new Uint16Array(bytes);
      }
      this.#numbers[number] = sourceNumber;
    }
  }

  /** Returns the number of a source by its cell. */
  #numberOf(cell: string): number {
    let number = this.#sourceNumbers.get(cell);
    if (number === undefined) {
      number = this.#sources.push(String(readCell(cell) ?? "")) - 1;
      this.#sourceNumbers.set(cell, number);
    }
    return number;
  }

  sourceOf({ fingerprint }: Key): string | undefined {
    const number = this.#keys.numberOf(fingerprint);
    return number < 0 ? undefined : this.#sources[this.#numbers[number]!];
  }
}
