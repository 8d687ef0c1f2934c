/** A request that waits. */
interface Waiting<I, O> {
  readonly item: I;
  readonly resolve: (result: O) => void;
  readonly reject: (error: unknown) => void;
}

/** Minimum number of requests of a second batch: a statement is parsed and planned once, however many keys it has. */
const MIN_SECOND = 128;
/** Maximum number of batches under way. */
const MAX_BATCHES = 2;

/** Options of joining. */
export interface JoinerOptions<I> {
  /** Maximum number of requests in a batch. */
  readonly maxItems: number;
  /** Returns the size of a request; a batch has at most `maxSize`, or one request. Default: 0. */
  readonly sizeOf?: (item: I) => number;
  readonly maxSize?: number;
  /** Returns the identity of a request. Those of one identity are sent one after the other, in their order. */
  readonly identityOf?: (item: I) => string;
}

/**
 * Joins requests: all that wait while a batch is under way are in the next one. A request that finds none under
 * way is sent at once, with those of the same tick. Many requests are shared by two batches: while the server
 * syncs one to its disk, it works on the other.
 */
export class Joiner<I, O> {
  readonly #send: (items: readonly I[]) => Promise<readonly O[]>;
  readonly #options: JoinerOptions<I>;
  #waiting: Waiting<I, O>[] = [];
  #batches = 0;
  /** Number of batches that are due, and not taken yet. */
  #due = 0;
  /** Identities of the requests under way. */
  readonly #sending = new Set<string>();
  #idle: (() => void)[] = [];

  /** @param send Sends a batch, and returns the result of each request in their order. */
  constructor(
    send: (items: readonly I[]) => Promise<readonly O[]>,
    options: JoinerOptions<I>,
  ) {
    this.#send = send;
    this.#options = options;
  }

  /** Adds a request, and returns its result. Rejects with the error of its batch. */
  add(item: I): Promise<O> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      const isDue = this.#batches === 0 ||
        this.#batches < MAX_BATCHES && this.#waiting.length >= MIN_SECOND;
      if (!isDue) return;
      this.#batches++;
      this.#due++;
      queueMicrotask(() => void this.#run());
    });
  }

  /** Resolves when no request waits or is under way. */
  async settled(): Promise<void> {
    if (this.#batches > 0) await new Promise<void>((resolve) => void this.#idle.push(resolve));
  }

  async #run(): Promise<void> {
    this.#due--;
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      if (batch.length === 0) break; // all wait for requests of the other batch
      try {
        const results = await this.#send(batch.map(({ item }) => item));
        for (const [i, { resolve }] of batch.entries()) resolve(results[i]!);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
      const { identityOf } = this.#options;
      if (identityOf) { for (const { item } of batch) this.#sending.delete(identityOf(item)); }
    }
    if (--this.#batches > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #take(): Waiting<I, O>[] {
    const { maxItems, sizeOf, maxSize = Infinity, identityOf } = this.#options;
    const share = Math.ceil(this.#waiting.length / (MAX_BATCHES - this.#batches + this.#due + 1));
    const most = Math.min(maxItems, Math.max(share, MIN_SECOND));
    const batch: Waiting<I, O>[] = [];
    const left: Waiting<I, O>[] = [];
    let size = 0;
    for (const waiting of this.#waiting) {
      const identity = identityOf?.(waiting.item);
      const own = sizeOf?.(waiting.item) ?? 0;
      const isFull = batch.length >= most || batch.length > 0 && size + own > maxSize;
      if (isFull || identity !== undefined && this.#sending.has(identity)) {
        left.push(waiting);
        if (isFull) size = Infinity; // the order of arrival
        continue;
      }
      if (identity !== undefined) this.#sending.add(identity);
      batch.push(waiting);
      size += own;
    }
    this.#waiting = left;
    return batch;
  }
}
