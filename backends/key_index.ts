import type { Fingerprint } from "../core/fingerprint.ts";
import { FingerprintSet } from "../core/fingerprint_set.ts";

/** Where the row of each key begins: 24 to 28 bytes a key. */
export class KeyIndex {
  readonly #keys = new FingerprintSet();
  #offsets = new Float64Array(512);

  /** How many different keys there are. */
  get size(): number {
    return this.#keys.size;
  }

  /** Where the newest row of a key begins, in bytes; -1 if there is none. */
  find(key: Fingerprint): number {
    const number = this.#keys.numberOf(key);
    return number === -1 ? -1 : this.#offsets[number]!;
  }

  /** Notes where a row begins. A later row of the same key takes the earlier one's place. */
  add(key: Fingerprint, offset: number): void {
    const number = this.#keys.add(key);
    if (number === this.#offsets.length) {
      const offsets = new Float64Array(2 * number);
      offsets.set(this.#offsets);
      this.#offsets = offsets;
    }
    this.#offsets[number] = offset;
  }
}
