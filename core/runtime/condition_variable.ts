/** A condition variable: each waiter checks its condition again after a notification. */
export class ConditionVariable {
  readonly #waiters = new Set<() => void>();

  /** The number of waiters. */
  get waiters(): number {
    return this.#waiters.size;
  }

  /**
   * Resolves at the next notification, after a timeout in milliseconds, or when a signal aborts. A
   * waiter is then forgotten: a race of promises would keep 300 bytes of each until the notification.
   */
  wait(timeout?: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(end);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const timer = timeout === undefined ? undefined : setTimeout(end, timeout);
      this.#waiters.add(end);
      signal?.addEventListener("abort", end);
      if (signal?.aborted) end();
    });
  }

  /** Wakes all waiters. */
  notifyAll(): void {
    for (const end of [...this.#waiters]) end();
  }
}
