import type { Fingerprint } from "./fingerprint.ts";

/**
 * Where the row of each key begins: an open-addressing hash table over 96-bit fingerprints, 20 bytes
 * a key and 4 to 8 a slot, with no object per row.
 */
export class KeyIndex {
  /** Slot → number of the key + 1; 0 is free. Length a power of two. */
  #slots = new Uint32Array(1024);
  #lanes = new Uint32Array(3 * 512);
  #offsets = new Float64Array(512);
  #count = 0;

  /** How many different keys there are. */
  get size(): number {
    return this.#count;
  }

  /** Where the newest row of a key begins, in bytes; -1 if there is none. */
  find(key: Fingerprint): number {
    const number = this.#slots[this.#slotOf(key.a, key.b, key.c)]!;
    return number === 0 ? -1 : this.#offsets[number - 1]!;
  }

  /** Notes where a row begins. A later row of the same key takes the earlier one's place. */
  add(key: Fingerprint, offset: number): void {
    const { a, b, c } = key;
    const slot = this.#slotOf(a, b, c);
    const number = this.#slots[slot]!;
    if (number !== 0) {
      this.#offsets[number - 1] = offset;
      return;
    }
    if (this.#count === this.#offsets.length) this.#growKeys();
    const at = 3 * this.#count;
    this.#lanes[at] = a;
    this.#lanes[at + 1] = b;
    this.#lanes[at + 2] = c;
    this.#offsets[this.#count] = offset;
    this.#slots[slot] = ++this.#count;
    if (this.#count * 4 > this.#slots.length * 3) this.#growSlots();
  }

  #slotOf(a: number, b: number, c: number): number {
    const slots = this.#slots;
    const lanes = this.#lanes;
    const mask = slots.length - 1;
    let slot = a & mask;
    for (;;) {
      const number = slots[slot]!;
      if (number === 0) return slot;
      const at = 3 * (number - 1);
      if (lanes[at] === a && lanes[at + 1] === b && lanes[at + 2] === c) return slot;
      slot = slot + 1 & mask;
    }
  }

  #growKeys(): void {
    const capacity = this.#offsets.length * 2;
    const lanes = new Uint32Array(3 * capacity);
    lanes.set(this.#lanes);
    this.#lanes = lanes;
    const offsets = new Float64Array(capacity);
    offsets.set(this.#offsets);
    this.#offsets = offsets;
  }

  #growSlots(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let number = 1; number <= this.#count; number++) {
      let slot = this.#lanes[3 * (number - 1)]! & mask;
      while (slots[slot] !== 0) slot = slot + 1 & mask;
      slots[slot] = number;
    }
    this.#slots = slots;
  }
}
