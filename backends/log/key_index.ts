import type { Fingerprint } from "../../core/keys/fingerprint.ts";
import { FingerprintSet } from "../../core/keys/fingerprint_set.ts";

/** Offset and source of the newest row of each key: 24 to 29 bytes a key. */
export class KeyIndex {
  readonly #keys = new FingerprintSet();
  #offsets = new Float64Array(512);
  /** The number of each row's source; undefined while no row has one. */
  #sources: Uint8Array | undefined;

  /** Number of different keys. */
  get size(): number {
    return this.#keys.size;
  }

  /** Returns the offset of the newest row of a key; -1 if there is none. */
  find(key: Fingerprint): number {
    const number = this.#keys.numberOf(key);
    return number === -1 ? -1 : this.#offsets[number]!;
  }

  /** Returns the number of the source of a key's newest row; -1 if there is no such row. */
  sourceOf(key: Fingerprint): number {
    const number = this.#keys.numberOf(key);
    return number === -1 ? -1 : this.#sources?.[number] ?? 0;
  }

  /** Adds the offset of a row, in place of that of an earlier row of the same key. */
  add(key: Fingerprint, offset: number, source = 0): void {
    const number = this.#keys.add(key);
    if (number === this.#offsets.length) {
      const offsets = new Float64Array(2 * number);
      offsets.set(this.#offsets);
      this.#offsets = offsets;
    }
    this.#offsets[number] = offset;
    if (source !== 0 || this.#sources) this.#setSource(number, source);
  }

  #setSource(number: number, source: number): void {
    this.#sources ??= new Uint8Array(this.#offsets.length);
    if (number >= this.#sources.length) {
      const sources = new Uint8Array(this.#offsets.length);
      sources.set(this.#sources);
      this.#sources = sources;
    }
    this.#sources[number] = source;
  }
}
