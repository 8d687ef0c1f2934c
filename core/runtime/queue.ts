import type { MaybePromise } from "./maybe_promise.ts";

/** A queue of changes: each begins when the one before it has ended, in the order of the calls. */
export class Queue {
  #last: Promise<unknown> = Promise.resolve();

  /** Adds a change; resolves to its result. */
  run<T>(change: () => MaybePromise<T>): Promise<T> {
    const result = this.#last.then(change);
    this.#last = result.catch(() => {}); // its caller gets the error
    return result;
  }
}
