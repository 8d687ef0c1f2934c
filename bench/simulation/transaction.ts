import type { Session } from "./server.ts";

/** A row that transactions insert, change and delete. */
export interface Tuple {
  /** True once the transaction that inserted it has committed. */
  isCommitted: boolean;
  /** True once it is deleted. */
  isGone: boolean;
  /** The transaction that has inserted, changed or deleted it, and is not over. */
  writer: Transaction | undefined;
}

/** A transaction: its effects are seen by others once it commits. */
export class Transaction {
  readonly session: Session;
  isOver = false;
  /** The transaction whose end it waits for. */
  waitsFor: Transaction | undefined;
  readonly #commits: (() => void)[] = [];
  readonly #aborts: (() => void)[] = [];
  readonly #waiting: (() => void)[] = [];

  constructor(session: Session) {
    this.session = session;
  }

  /** Adds an effect, and the function that takes it back. */
  add(commit: () => void, abort: () => void = () => {}): void {
    this.#commits.push(commit);
    this.#aborts.push(abort);
  }

  commit(): void {
    for (const commit of this.#commits) commit();
    this.#end();
  }

  abort(): void {
    for (const abort of this.#aborts) abort();
    this.#end();
  }

  #end(): void {
    this.isOver = true;
    for (const resolve of this.#waiting) resolve();
  }

  /**
   * Waits for the end of another transaction.
   *
   * @throws The error of a deadlock.
   */
  async waitFor(other: Transaction): Promise<void> {
    for (let next: Transaction | undefined = other; next; next = next.waitsFor) {
      if (next === this) {
        throw Object.assign(new Error("deadlock detected"), { code: "40P01", severity: "ERROR" });
      }
    }
    this.waitsFor = other;
    await new Promise<void>((resolve) => void other.#waiting.push(resolve));
    this.waitsFor = undefined;
  }

  /** Takes a row to change it. False if it is deleted, or the transaction is over. */
  async take(tuple: Tuple): Promise<boolean> {
    while (tuple.writer && tuple.writer !== this) await this.waitFor(tuple.writer);
    if (this.isOver || tuple.isGone) return false;
    if (tuple.writer === this) return true;
    tuple.writer = this;
    this.add(() => tuple.writer = undefined, () => tuple.writer = undefined);
    return true;
  }

  /** Deletes a row, unless another transaction has. */
  async delete(tuple: Tuple, remove: () => void): Promise<boolean> {
    if (!await this.take(tuple)) return false;
    this.add(() => {
      tuple.isGone = true;
      remove();
    });
    return true;
  }
}
