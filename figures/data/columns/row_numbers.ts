/** Numbers by row: those of a column while it has nothing else, then numbers of their own. */
export class RowNumbers {
  #own: Float64Array<ArrayBuffer> | undefined;

  /**
   * Adds the numbers of rows.
   *
   * @param before The numbers of the column before these rows, if it had nothing else.
   * @param now Those with these rows, likewise.
   * @param at Returns the number of one of these rows, counted from 0.
   */
  append(
    before: Float64Array | undefined,
    now: Float64Array | undefined,
    from: number,
    length: number,
    at: (row: number) => number | null,
  ): void {
    if (now) {
      this.#own = undefined;
      return;
    }
    const known = before ?? this.#own;
    const end = from + length;
    if (!this.#own || end > this.#own.length) {
      this.#own = new Float64Array(Math.ceil(end * 1.25));
      if (known) this.#own.set(known.subarray(0, from));
    }
    for (let i = 0; i < length; i++) this.#own[from + i] = at(i) ?? NaN;
  }

  /** Returns the numbers. @param plain Those of the column, if it has nothing else. */
  of(plain: Float64Array | undefined): Float64Array {
    return plain ?? this.#own ?? new Float64Array(0);
  }
}
