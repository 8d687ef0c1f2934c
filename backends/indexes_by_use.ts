import type { KeyShape } from "../core/key.ts";
import type { KeyIndex } from "./key_index.ts";

/** The most indexes of one store. */
const MAX_INDEXES = 128;
/** The most keys in all of them, at about 28 bytes each, as long as there are more than a few indexes. */
const MAX_KEYS = 16_000_000, FEW_INDEXES = 8;

/** An index of a store's rows by the keys of one shape. */
export interface ShapeIndex {
  readonly shape: KeyShape;
  readonly keys: KeyIndex;
}

/** Indexes by their shapes. Those that were not used for longest are dropped where memory ends. */
export class IndexesByUse<Index extends ShapeIndex> implements Iterable<Index> {
  readonly #entries = new Map<KeyShape, { index: Index; used: number }>();
  #uses = 0;

  /** The number of indexes. */
  get size(): number {
    return this.#entries.size;
  }

  /** The index of a shape. */
  get(shape: KeyShape): Index | undefined {
    return this.#entries.get(shape)?.index;
  }

  /** The index of a shape, for a look: it is kept for longer. */
  use(shape: KeyShape): Index | undefined {
    const entry = this.#entries.get(shape);
    if (!entry) return undefined;
    entry.used = ++this.#uses;
    return entry.index;
  }

  /** Adds an index, or replaces that of its shape. */
  set(index: Index): void {
    this.#entries.set(index.shape, { index, used: ++this.#uses });
    let keys = 0;
    for (const { keys: { size } } of this) keys += size;
    while (this.#entries.size > (keys > MAX_KEYS ? FEW_INDEXES : MAX_INDEXES)) {
      keys -= this.#dropOldest().keys.size;
    }
  }

  /** Drops the index of a shape. */
  delete(shape: KeyShape): void {
    this.#entries.delete(shape);
  }

  /** Drops all indexes. */
  clear(): void {
    this.#entries.clear();
  }

  *[Symbol.iterator](): Generator<Index> {
    for (const { index } of this.#entries.values()) yield index;
  }

  #dropOldest(): Index {
    const [first, ...others] = this.#entries.values();
    let oldest = first!;
    for (const entry of others) if (entry.used < oldest.used) oldest = entry;
    this.#entries.delete(oldest.index.shape);
    return oldest.index;
  }
}
