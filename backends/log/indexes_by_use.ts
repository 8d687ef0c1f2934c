import type { KeyShape } from "../../core/keys/key.ts";
import type { KeyIndex } from "./key_index.ts";

/** Maximum number of indexes of one store. */
const MAX_INDEXES = 128;
/** Maximum number of keys, at about 29 bytes each, in more than a few indexes. */
const MAX_KEYS = 16_000_000, FEW_INDEXES = 8;

/** An index of a store's rows by the keys of one shape. */
export interface ShapeIndex {
  readonly shape: KeyShape;
  readonly keys: KeyIndex;
}

/** Indexes by their shapes, with bounded memory: the least recently used are dropped. */
export class IndexesByUse<Index extends ShapeIndex> {
  readonly #entries = new Map<KeyShape, { index: Index; used: number }>();
  #all: readonly Index[] = [];
  #uses = 0;

  /** All indexes. */
  get all(): readonly Index[] {
    return this.#all;
  }

  /** Returns the index of a shape. */
  get(shape: KeyShape): Index | undefined {
    return this.#entries.get(shape)?.index;
  }

  /** Returns the index of a shape for a lookup, which makes it the most recently used. */
  use(shape: KeyShape): Index | undefined {
    const entry = this.#entries.get(shape);
    if (!entry) return undefined;
    entry.used = ++this.#uses;
    return entry.index;
  }

  /** Adds an index, or replaces that of its shape. */
  set(index: Index): void {
    this.#entries.set(index.shape, { index, used: ++this.#uses });
    let keys = this.#listed().reduce((sum, { keys: { size } }) => sum + size, 0);
    while (this.#entries.size > (keys > MAX_KEYS ? FEW_INDEXES : MAX_INDEXES)) {
      const { shape, keys: { size } } = this.#oldest();
      this.delete(shape);
      keys -= size;
    }
  }

  /** Drops the index of a shape. */
  delete(shape: KeyShape): void {
    this.#entries.delete(shape);
    this.#listed();
  }

  /** Drops all indexes. */
  clear(): void {
    this.#entries.clear();
    this.#listed();
  }

  #listed(): readonly Index[] {
    return this.#all = Array.from(this.#entries.values(), ({ index }) => index);
  }

  #oldest(): Index {
    const [first, ...others] = this.#entries.values();
    let oldest = first!;
    for (const entry of others) if (entry.used < oldest.used) oldest = entry;
    return oldest.index;
  }
}
