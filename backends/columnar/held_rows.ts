import type { Row } from "../../core/values/value.ts";

/**
 * Rows of a file as it is now, to be read later and once. The first is read at once, and with it the file
 * is open, whatever becomes of its path.
 */
export class HeldRows implements Iterable<Row> {
  readonly #rows: Generator<Row>;
  readonly #first: IteratorResult<Row>;

  constructor(rows: Generator<Row>) {
    this.#rows = rows;
    this.#first = rows.next();
  }

  *[Symbol.iterator](): Generator<Row> {
    if (this.#first.done) return;
    yield this.#first.value;
    yield* this.#rows;
  }

  /** Closes the file, if it was not read to its end. */
  close(): void {
    this.#rows.return(undefined);
  }
}
