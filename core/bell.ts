/** What happens is told with a bell: who waits goes on and looks for itself. */
export class Bell {
  #heard: Promise<void> | undefined;
  #tell = (): void => {};

  /** Resolves when the bell is next rung. */
  wait(): Promise<void> {
    return this.#heard ??= new Promise((resolve) => this.#tell = resolve);
  }

  /** Wakes everybody who waits. */
  ring(): void {
    this.#heard = undefined;
    this.#tell();
  }
}
