import { setView, type View } from "../display/set_view.ts";

/** Maximum number of values that a console shows. */
const MAX_SHOWN = 10;

/**
 * Values made one by one, lazily. It can be iterated any number of times, each from the beginning, and has
 * the iterator helpers of JavaScript, which are as lazy and return iterators, to be iterated once: `sequence.filter(({ alpha }) => alpha > 0).take(10)`.
 */
export interface Sequence<T> extends Iterable<T>, Pick<IteratorObject<T>, Helper> {
  /** Number of values. */
  readonly length: number;
}

/**
 * Names of the iterator helpers of a sequence.
 *
 * @internal
 */
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

const PROTOTYPE = Object.create(Iterator.prototype) as Sequence<unknown>;
setView(PROTOTYPE, viewOf);

function viewOf(shown: Sequence<unknown>): View {
  const { length } = shown;
  const values = shown.take(MAX_SHOWN).toArray();
  const rest = length > values.length ? `, the first ${values.length}` : "";
  const isRow = (x: unknown): x is Record<string, unknown> => typeof x === "object" && x !== null;
  if (values.every(isRow)) {
    const title = length === 1 ? "1 combination" : `${length} combinations${rest}`;
    return { title, columns: Object.keys(values[0] ?? {}), rows: values };
  }
  const end = rest === "" ? "" : ", …";
  return { title: `${length === 1 ? "1 value" : `${length} values`}: ${values.join(", ")}${end}` };
}

/** Functions that return the value at a place, of the sequences that have one. */
const readers = new WeakMap<object, (place: number) => unknown>();

/**
 * Returns a sequence of the values, so many, of the iterators that `iterate` makes.
 *
 * @param at Returns the value at a place without making those before it. Default: there is no such way.
 */
export function sequence<T>(
  iterate: () => Iterator<T>,
  length: number,
  at?: (place: number) => T,
): Sequence<T> {
  const made = Object.create(PROTOTYPE, {
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
  if (at) readers.set(made, at);
  return made;
}

/** Returns the function that returns the value at a place of a sequence, if it has one. */
export function readerOf(values: object): ((place: number) => unknown) | undefined {
  return readers.get(values);
}
