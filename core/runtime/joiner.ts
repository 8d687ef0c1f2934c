/**
 * Joins requests of one kind: all that are made while a batch is under way are sent together in the next
 * one. A request that finds nothing under way is sent at the end of the current microtask.
 */
export class Joiner<T, R> {
  readonly #send: (requests: readonly T[]) => Promise<readonly R[]>;
  readonly #maxSize: number;
  #waiting: Waiting<T, R>[] = [];
  #isSending = false;

  /**
   * @param send Sends a batch, and returns an answer for each request in their order. If it rejects, all of the
   * batch reject.
   * @param maxSize Maximum number of requests in a batch.
   */
  constructor(send: (requests: readonly T[]) => Promise<readonly R[]>, maxSize: number) {
    this.#send = send;
    this.#maxSize = maxSize;
  }

  /** Sends a request, and returns its answer. */
  ask(request: T): Promise<R> {
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    this.#waiting.push({ request, resolve, reject });
    if (!this.#isSending) void this.#sendAll();
    return promise;
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    await undefined;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#maxSize);
      try {
        const answers = await this.#send(batch.map(({ request }) => request));
        batch.forEach(({ resolve }, i) => resolve(answers[i]!));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isSending = false;
  }
}

interface Waiting<T, R> {
  readonly request: T;
  readonly resolve: (answer: R) => void;
  readonly reject: (error: unknown) => void;
}
