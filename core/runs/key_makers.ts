import { FingerprintSet } from "../keys/fingerprint_set.ts";
import type { Key } from "../keys/key.ts";

/** Maximum number of keys: functions that differ in captured values mostly meet on the first. */
const MAX_KEYS = 10_000;

/** The function object, or its `this`, that made each key in this process. Bounded. */
export class KeyMakers {
  /** True once a key of another maker was reported. */
  isReported = false;
  #keys: FingerprintSet | undefined;
  /** The maker of each key, by the key's number. */
  readonly #makers: number[] = [];
  readonly #ids = new WeakMap<object, number>();
  #count = 0;

  /** True if there is more than one maker. */
  get areMany(): boolean {
    return this.#count > 1;
  }

  /** Adds a function object or `this`. */
  add(maker: object): number {
    let id = this.#ids.get(maker);
    if (id === undefined) this.#ids.set(maker, id = ++this.#count);
    return id;
  }

  /** Notes that a maker makes a key. */
  made({ fingerprint }: Key, maker: object): void {
    this.#keys ??= new FingerprintSet();
    if (this.#keys.size === MAX_KEYS && this.#keys.numberOf(fingerprint) === -1) return;
    this.#makers[this.#keys.add(fingerprint)] = this.add(maker);
  }

  /** True if a key was made in this process, by another maker. */
  isOthers({ fingerprint }: Key, maker: object): boolean {
    const id = this.add(maker);
    if (!this.#keys) return false;
    const number = this.#keys.numberOf(fingerprint);
    return number !== -1 && this.#makers[number] !== id;
  }
}
