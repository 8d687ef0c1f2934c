/** A map of bounded size: the entry that was set longest ago is evicted. */
export class BoundedMap<T> extends Map<string, T> {
  readonly #maxSize: number;

  constructor(maxSize: number) {
    super();
    this.#maxSize = maxSize;
  }

  override set(name: string, value: T): this {
    this.delete(name); // to the end
    super.set(name, value);
    if (this.size > this.#maxSize) this.delete(this.keys().next().value!);
    return this;
  }
}
