/** Numbers of the runs under way, from 0: the lowest free one for each run that begins. */
export class Slots {
  readonly #taken = new Set<number>();

  acquire(): number {
    let slot = 0;
    while (this.#taken.has(slot)) slot++;
    this.#taken.add(slot);
    return slot;
  }

  release(slot: number): void {
    this.#taken.delete(slot);
  }
}
