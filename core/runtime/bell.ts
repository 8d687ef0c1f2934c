/** A condition variable: waiters look again, each for itself, once it is rung. */
export class Bell {
  readonly #waiting = new Set<() => void>();

  /** The number of waiters. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Resolves when the bell is next rung, or after a time in milliseconds. Nothing is kept of a waiter
   * after that: a race of promises would keep 300 bytes for each until the bell is rung.
   */
  wait(timeout?: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(end);
        resolve();
      };
      const timer = timeout === undefined ? undefined : setTimeout(end, timeout);
      this.#waiting.add(end);
    });
  }

  /** Wakes all waiters. */
  ring(): void {
    for (const end of [...this.#waiting]) end();
  }
}
