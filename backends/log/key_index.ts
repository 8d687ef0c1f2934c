import type { Fingerprint } from "../../core/keys/fingerprint.ts";
import { FingerprintSet } from "../../core/keys/fingerprint_set.ts";

/** Offset and source of the newest row of each key: 26 to 32 bytes a key. */
export class KeyIndex {
  readonly #keys = new FingerprintSet();
  #offsets = new Float64Array(512);
  /** The number of each row's source. */
  #sources = new Uint8Array(512);

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
    return number === -1 ? -1 : this.#sources[number]!;
  }

  /** Adds the offset of a row, in place of that of an earlier row of the same key. */
  add(key: Fingerprint, offset: number, source = 0): void {
    const number = this.#keys.add(key);
    if (number === this.#offsets.length) {
      this.#offsets = new Float64Array(this.#offsets.buffer.transfer(16 * number));
      this.#sources = new Uint8Array(this.#sources.buffer.transfer(2 * number));
    }
    this.#offsets[number] = offset;
    this.#sources[number] = source;
  }
}
