/**
 * Values made one by one, lazily. It can be iterated any number of times, each from the beginning, and has
 * the iterator helpers of JavaScript, which are as lazy and return iterators, to be iterated once: `sequence.filter(({ alpha }) => alpha > 0).take(10)`.
 */
export interface Sequence<T> extends Iterable<T>, Pick<IteratorObject<T>, Helper> {
  /** Number of values. */
  readonly length: number;
}

type Helper =
  | "map"
  | "filter"
  | "take"
  | "drop"
  | "flatMap"
  | "reduce"
  | "toArray"
  | "forEach"
  | "some"
  | "every"
  | "find";

/** Returns a sequence of the values, so many, of the iterators that `iterate` makes. */
export function sequence<T>(iterate: () => Iterator<T>, length: number): Sequence<T> {
  return Object.create(Iterator.prototype, {
    [Symbol.iterator]: { value: iterate },
    length: { value: length },
    // A helper reads `next` once, when it is called: https://tc39.es/ecma262/#sec-getiteratordirect.
    next: {
      get: () => {
        const iterator = iterate();
        return () => iterator.next();
      },
    },
  });
}
