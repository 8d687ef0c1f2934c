import type { Fingerprint } from "./fingerprint.ts";

/**
 * Fingerprints, each once and numbered in order of arrival: an open-addressing hash table, 12 bytes
 * a fingerprint and 4 to 8 a slot, with no object for each.
 */
export class FingerprintSet {
  /**
   * Slot → number of the fingerprint + 1, in as many low bits as it takes; 0 is free. The high bits are those of the
   * fingerprint's second lane, so that others are told apart without their lanes, each of which is a cache miss.
   * Length a power of two.
   */
  #slots: Int32Array<ArrayBuffer>;
  #lanes: Int32Array<ArrayBuffer>;
  #size = 0;

  /** @param expected Number of fingerprints that there is space for from the beginning. Default: a few. */
  constructor(expected = 0) {
    const size = Math.max(512, Math.ceil(expected) || 0); // an iterable may say anything of its length
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(size * 4 / 3 + 1)));
    this.#lanes = new Int32Array(3 * size);
  }

  /** Number of fingerprints. */
  get size(): number {
    return this.#size;
  }

  /** The number of a fingerprint, from 0; -1 if it is not there. */
  numberOf({ a, b, c }: Fingerprint): number {
    return (this.#slots[this.#slotOf(a, b, c)]! & this.#slots.length - 1) - 1;
  }

  /** Adds a fingerprint if it is not there, and gives its number. */
  add({ a, b, c }: Fingerprint): number {
    const slot = this.#slotOf(a, b, c);
    const mask = this.#slots.length - 1;
    const number = (this.#slots[slot]! & mask) - 1;
    if (number !== -1) return number;
    const added = this.#size;
    if (3 * added === this.#lanes.length) this.#growLanes();
    this.#lanes[3 * added] = a;
    this.#lanes[3 * added + 1] = b;
    this.#lanes[3 * added + 2] = c;
    this.#slots[slot] = ++this.#size | b & ~mask;
    if (this.#size * 4 > this.#slots.length * 3) this.#growSlots();
    return added;
  }

  #slotOf(a: number, b: number, c: number): number {
    const slots = this.#slots;
    const lanes = this.#lanes;
    const mask = slots.length - 1;
    let slot = a & mask;
    for (;;) {
      const entry = slots[slot]!;
      if (entry === 0) return slot;
      if (((entry ^ b) & ~mask) === 0) {
        const at = 3 * ((entry & mask) - 1);
        if (lanes[at] === a && lanes[at + 1] === b && lanes[at + 2] === c) return slot;
      }
      slot = slot + 1 & mask;
    }
  }

  #growLanes(): void {
    this.#lanes = new Int32Array(this.#lanes.buffer.transfer(2 * this.#lanes.byteLength));
  }

  #growSlots(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let number = 1; number <= this.#size; number++) {
      const at = 3 * (number - 1);
      let slot = this.#lanes[at]! & mask;
      while (slots[slot] !== 0) slot = slot + 1 & mask;
      slots[slot] = number | this.#lanes[at + 1]! & ~mask;
    }
    this.#slots.buffer.transfer(0); // frees it before the garbage collector would
    this.#slots = slots;
  }
}
