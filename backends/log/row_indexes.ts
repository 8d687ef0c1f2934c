import { isKeyColumn } from "../../core/values/columns.ts";
import { Fingerprint } from "../../core/keys/fingerprint.ts";
import { FingerprintSet } from "../../core/keys/fingerprint_set.ts";
import { CELL_END, type Key, type KeyShape, NAME_END } from "../../core/keys/key.ts";
import type { CellReader, RowScanner } from "./format.ts";
import { IndexesByUse, type ShapeIndex } from "./indexes_by_use.ts";
import { KeyIndex } from "./key_index.ts";
import { SourceNumbers, UNNUMBERED } from "./source_numbers.ts";

/** Rows to leave out: those of some keys of one shape, or the repeats of an earlier row in a shape. */
export type Gone = readonly Key[] | { readonly repeatsOf: KeyShape };

/** An index of the rows by the keys of one shape, and the slots of the key's columns. */
interface RowIndex extends ShapeIndex {
  /** The key's columns, sorted by name. */
  columns: readonly KeyColumn[];
  /** Number of names that the file had when `columns` was made. */
  names: number;
}

interface KeyColumn {
  /** Text before the cell in the text of a key. */
  readonly prefix: string;
  readonly slot: number;
  /** Cell text of a row that has none. */
  readonly fallback: string | undefined;
}

/** Offsets of the rows of a file, by their keys in each shape that was asked about. */
export class RowIndexes {
  readonly #fingerprint = new Fingerprint();
  readonly #sources = new SourceNumbers();
  readonly #indexes = new IndexesByUse<RowIndex>();

  /** Returns true if there is an index of a shape. The other look-ups need one. */
  has(shape: KeyShape): boolean {
    return this.#indexes.get(shape) !== undefined;
  }

  /** Returns the offset of the newest row of a key; -1 if there is none. */
  find(key: Key): number {
    return this.#indexes.use(key.shape)!.keys.find(key.fingerprint);
  }

  /**
   * Returns the source of the newest row of a key: undefined if there is no such row, null if only the row
   * itself has it.
   */
  sourceOf(key: Key): string | null | undefined {
    const number = this.#indexes.use(key.shape)!.keys.sourceOf(key.fingerprint);
    if (number === -1) return undefined;
    return number === UNNUMBERED ? null : this.#sources.nameOf(number)!;
  }

  /** Returns the number of keys in the index of a shape. */
  countOf(shape: KeyShape): number {
    return this.#indexes.get(shape)!.keys.size;
  }

  /** Enters the row of a reader in every index. The key of the row, if known, brings its fingerprint. */
  enter(row: CellReader, offset: number, key?: Key): void {
    if (this.#indexes.all.length === 0) return;
    const source = this.#sources.read(row);
    for (const index of this.#indexes.all) {
      const isKnown = key !== undefined && key.shape === index.shape;
      const fingerprint = isKnown ? key.fingerprint : this.#fingerprintOf(index, row);
      index.keys.add(fingerprint, offset, source);
    }
  }

  /** Adds an index, into which `fill` enters all rows. The least recently used may be dropped. */
  add(shape: KeyShape, fill: (enter: RowIndexes["enter"]) => void): void {
    const index = newIndex(shape);
    fill((row, offset) => {
      index.keys.add(this.#fingerprintOf(index, row), offset, this.#sources.read(row));
    });
    this.#indexes.set(index);
  }

  /** Removes all rows; the shapes are kept. */
  empty(): void {
    for (const { shape } of this.#indexes.all) this.#indexes.set(newIndex(shape));
  }

  /** Removes all indexes. */
  clear(): void {
    this.#indexes.clear();
  }

  /** Returns a test for rows to leave out: true if the row that the scanner read last is one. */
  matcher(gone: Gone, scanner: RowScanner): () => boolean {
    const keys = new FingerprintSet();
    if ("repeatsOf" in gone) {
      const index = newIndex(gone.repeatsOf);
      return () => {
        const before = keys.size;
        return keys.add(this.#fingerprintOf(index, scanner)) < before;
      };
    }
    const index = newIndex(gone[0]!.shape);
    for (const key of gone) keys.add(key.fingerprint);
    return () => keys.numberOf(this.#fingerprintOf(index, scanner)) !== -1;
  }

  /** Returns the fingerprint of the key that a row has in the shape of an index. */
  #fingerprintOf(index: RowIndex, row: CellReader): Fingerprint {
    if (index.names !== row.names.length) {
      index.columns = keyColumns(index.shape, row);
      index.names = row.names.length;
    }
    const fingerprint = this.#fingerprint.begin();
    for (const { prefix, slot, fallback } of index.columns) {
      if (slot !== -1 && row.feed(slot, prefix, fingerprint)) fingerprint.text(CELL_END);
      else if (fallback !== undefined) fingerprint.text(prefix).text(fallback).text(CELL_END);
    }
    return fingerprint.end();
  }
}

function newIndex(shape: KeyShape): RowIndex {
  return { shape, keys: new KeyIndex(), columns: [], names: -1 };
}

function keyColumns({ columns, defaults }: KeyShape, row: CellReader): KeyColumn[] {
  const names = columns ??
    [...new Set([...row.names.filter(isKeyColumn), ...defaults.keys()])].sort();
  return names.map((name) => ({
    prefix: name + NAME_END,
    slot: row.slot(name),
    fallback: defaults.get(name),
  }));
}
