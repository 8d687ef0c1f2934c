import { isKeyColumn } from "../core/columns.ts";
import { Fingerprint } from "../core/fingerprint.ts";
import { FingerprintSet } from "../core/fingerprint_set.ts";
import { CELL_END, type Key, type KeyShape, NAME_END } from "../core/key.ts";
import type { RowScanner } from "./format.ts";
import { KeyIndex } from "./key_index.ts";

/** How many sets of key columns are indexed at a time. */
const MOST_INDEXES = 8;

/** A key, as far as rows are found by it. */
type RowKey = Pick<Key, "shape" | "text">;

/** Rows to leave out: those of a key, or of those with equal keys of a shape all but the first. */
export type Gone = RowKey | { readonly repeatsOf: KeyShape };

/** An index of the rows by the keys of one shape, and how to take a row's key. */
interface ShapeIndex {
  readonly shape: KeyShape;
  readonly keys: KeyIndex;
  /** The key's columns, sorted by name, as they stand in the file. */
  columns: readonly KeyColumn[];
  /** How many names the scanner knew when `columns` was made. */
  names: number;
}

interface KeyColumn {
  /** What a key's text says before the cell. */
  readonly prefix: string;
  readonly slot: number;
  /** Cell text that counts where the row has none. */
  readonly fallback: string | undefined;
}

/** Where the rows of a file begin, by their keys in each shape that was asked about. */
export class RowIndexes {
  readonly #fingerprint = new Fingerprint();
  #indexes: ShapeIndex[] = [];

  /** Whether there is an index of a shape. */
  has(shape: KeyShape): boolean {
    return this.#indexes.some((index) => index.shape === shape);
  }

  /** Where the newest row of a key begins, -1 if there is none; undefined without an index of its shape. */
  find(shape: KeyShape, text: string): number | undefined {
    const index = this.#indexes.find((index) => index.shape === shape);
    return index?.keys.find(this.#fingerprint.begin().text(text).end());
  }

  /** How many keys there are in an index. */
  countOf(shape: KeyShape): number | undefined {
    return this.#indexes.find((index) => index.shape === shape)?.keys.size;
  }

  /** Enters the row that a scanner read last in every index. */
  enter(scanner: RowScanner, offset: number): void {
    for (const index of this.#indexes) index.keys.add(this.#fingerprintOf(index, scanner), offset);
  }

  /**
   * Adds an index; one that was not asked about for long may go.
   *
   * @param fill Is given what enters the row that a scanner read last.
   */
  add(shape: KeyShape, fill: (enter: RowIndexes["enter"]) => void): void {
    const index = newIndex(shape);
    fill((scanner, offset) => index.keys.add(this.#fingerprintOf(index, scanner), offset));
    this.#indexes.push(index);
    if (this.#indexes.length > MOST_INDEXES) this.#indexes.shift();
  }

  /** Takes all rows out; the shapes stay. */
  empty(): void {
    this.#indexes = this.#indexes.map(({ shape }) => newIndex(shape));
  }

  /** Takes all indexes away. */
  clear(): void {
    this.#indexes = [];
  }

  /** Whether the row that the scanner read last is one of those to leave out. */
  matcher(gone: Gone, scanner: RowScanner): () => boolean {
    if ("repeatsOf" in gone) {
      const index = newIndex(gone.repeatsOf);
      const seen = new FingerprintSet();
      return () => {
        const before = seen.size;
        return seen.add(this.#fingerprintOf(index, scanner)) < before;
      };
    }
    const index = newIndex(gone.shape);
    const { a, b, c } = this.#fingerprint.begin().text(gone.text).end();
    return () => {
      const row = this.#fingerprintOf(index, scanner);
      return row.a === a && row.b === b && row.c === c;
    };
  }

  /** The fingerprint of the key that the row read last has in the shape of an index. */
  #fingerprintOf(index: ShapeIndex, scanner: RowScanner): Fingerprint {
    if (index.names !== scanner.names.length) {
      index.columns = keyColumns(index.shape, scanner);
      index.names = scanner.names.length;
    }
    const fingerprint = this.#fingerprint.begin();
    for (const { prefix, slot, fallback } of index.columns) {
      if (slot !== -1 && scanner.feed(slot, prefix, fingerprint)) fingerprint.text(CELL_END);
      else if (fallback !== undefined) fingerprint.text(prefix).text(fallback).text(CELL_END);
    }
    return fingerprint.end();
  }
}

function newIndex(shape: KeyShape): ShapeIndex {
  return { shape, keys: new KeyIndex(), columns: [], names: -1 };
}

function keyColumns({ columns, defaults }: KeyShape, scanner: RowScanner): KeyColumn[] {
  const names = columns ??
    [...new Set([...scanner.names.filter(isKeyColumn), ...defaults.keys()])].sort();
  return names.map((name) => ({
    prefix: name + NAME_END,
    slot: scanner.slot(name),
    fallback: defaults.get(name),
  }));
}
