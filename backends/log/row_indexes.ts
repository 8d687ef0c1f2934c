import { isKeyColumn } from "../../core/values/columns.ts";
import { Fingerprint } from "../../core/keys/fingerprint.ts";
import { FingerprintSet } from "../../core/keys/fingerprint_set.ts";
import { CELL_END, type Key, type KeyShape, NAME_END } from "../../core/keys/key.ts";
import type { RowScanner } from "./format.ts";
import { IndexesByUse, type ShapeIndex } from "./indexes_by_use.ts";
import { KeyIndex } from "./key_index.ts";
import { SourceNumbers, UNNUMBERED } from "./source_numbers.ts";

/** A key, as far as rows are found by it. */
type RowKey = Pick<Key, "shape" | "text">;

/** Keys of one shape, by their texts. */
export interface KeySet {
  readonly shape: KeyShape;
  readonly texts: ReadonlySet<string>;
}

/** Rows to leave out: those of some keys, or of those with equal keys of a shape all but the first. */
export type Gone = RowKey | KeySet | { readonly repeatsOf: KeyShape };

/** An index of the rows by the keys of one shape, and how to take a row's key. */
interface RowIndex extends ShapeIndex {
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
  readonly #sources = new SourceNumbers();
  readonly #indexes = new IndexesByUse<RowIndex>();

  /** Whether there is an index of a shape. */
  has(shape: KeyShape): boolean {
    return this.#indexes.get(shape) !== undefined;
  }

  /** Where the newest row of a key begins, -1 if there is none; undefined without an index of its shape. */
  find(shape: KeyShape, text: string): number | undefined {
    return this.#indexes.use(shape)?.keys.find(this.#fingerprint.begin().text(text).end());
  }

  /**
   * Returns the source of the newest row of a key: undefined if there is no such row, null if only
   * the row says which it is. To be called for shapes that have an index.
   */
  sourceOf(shape: KeyShape, text: string): string | null | undefined {
    const index = this.#indexes.use(shape)!;
    const number = index.keys.sourceOf(this.#fingerprint.begin().text(text).end());
    if (number === -1) return undefined;
    return number === UNNUMBERED ? null : this.#sources.nameOf(number)!;
  }

  /** How many keys there are in an index. */
  countOf(shape: KeyShape): number | undefined {
    return this.#indexes.get(shape)?.keys.size;
  }

  /** Enters the row that a scanner read last in every index. */
  enter(scanner: RowScanner, offset: number): void {
    if (this.#indexes.all.length === 0) return;
    const source = this.#sources.read(scanner);
    for (const index of this.#indexes.all) {
      index.keys.add(this.#fingerprintOf(index, scanner), offset, source);
    }
  }

  /**
   * Adds an index; those that were not used for longest may be dropped.
   *
   * @param fill Is given what enters the row that a scanner read last.
   */
  add(shape: KeyShape, fill: (enter: RowIndexes["enter"]) => void): void {
    const index = newIndex(shape);
    fill((scanner, offset) => {
      const source = this.#sources.read(scanner);
      index.keys.add(this.#fingerprintOf(index, scanner), offset, source);
    });
    this.#indexes.set(index);
  }

  /** Takes all rows out; the shapes stay. */
  empty(): void {
    for (const { shape } of this.#indexes.all) this.#indexes.set(newIndex(shape));
  }

  /** Takes all indexes away. */
  clear(): void {
    this.#indexes.clear();
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
    const texts = "texts" in gone ? gone.texts : [gone.text];
    const keys = new FingerprintSet();
    for (const text of texts) keys.add(this.#fingerprint.begin().text(text).end());
    return () => keys.numberOf(this.#fingerprintOf(index, scanner)) !== -1;
  }

  /** The fingerprint of the key that the row read last has in the shape of an index. */
  #fingerprintOf(index: RowIndex, scanner: RowScanner): Fingerprint {
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

function newIndex(shape: KeyShape): RowIndex {
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
