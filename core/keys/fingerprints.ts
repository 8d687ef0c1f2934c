import { Fingerprint } from "./fingerprint.ts";
import { CELL_END, NAME_END } from "./key.ts";

const CELL_END_UNIT = CELL_END.charCodeAt(0);

/** The fingerprints of many keys, fed column by column: no cell is a text of its own. */
export class Fingerprints {
  #count = 0;
  #lanes = new Int32Array(0);
  readonly #fingerprint = new Fingerprint();

  /** Begins so many keys. */
  begin(count: number): this {
    this.#count = count;
    if (this.#lanes.length < 3 * count) this.#lanes = new Int32Array(3 * count);
    const { a, b, c } = this.#fingerprint.begin();
    for (let at = 0; at < 3 * count; at += 3) {
      this.#lanes[at] = a;
      this.#lanes[at + 1] = b;
      this.#lanes[at + 2] = c;
    }
    return this;
  }

  /**
   * Feeds the next column of all keys.
   *
   * @param cells The cells, {@linkcode CELL_END} after each, empty where one is absent. Undefined: all are absent.
   * @param fallback The cell that counts where one is absent. Empty: none.
   */
  column(name: string, cells: string | undefined, fallback: string): void {
    if (cells === undefined && fallback === "") return;
    const lanes = this.#lanes;
    const fingerprint = this.#fingerprint;
    const prefix = name + NAME_END;
    const otherwise = fallback + CELL_END;
    for (let i = 0, place = 0; i < this.#count; i++) {
      const isAbsent = cells === undefined || cells.charCodeAt(place) === CELL_END_UNIT;
      if (isAbsent) place++;
      if (isAbsent && fallback === "") continue;
      fingerprint.a = lanes[3 * i]!;
      fingerprint.b = lanes[3 * i + 1]!;
      fingerprint.c = lanes[3 * i + 2]!;
      fingerprint.text(prefix);
      if (isAbsent) fingerprint.text(otherwise);
      else place = fingerprint.until(cells, place, CELL_END_UNIT);
      lanes[3 * i] = fingerprint.a;
      lanes[3 * i + 1] = fingerprint.b;
      lanes[3 * i + 2] = fingerprint.c;
    }
  }

  /** Returns the fingerprint of a key by its number from 0. It is the same object each time. */
  end(i: number): Fingerprint {
    const fingerprint = this.#fingerprint;
    fingerprint.a = this.#lanes[3 * i]!;
    fingerprint.b = this.#lanes[3 * i + 1]!;
    fingerprint.c = this.#lanes[3 * i + 2]!;
    return fingerprint.end();
  }
}
