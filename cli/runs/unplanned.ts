/**
 * Returns the same items without their number and factors, so that a sweep of them leaves the plan of the store as
 * it is: failures that are run again are not all that is wanted.
 */
export function unplanned<T>(items: Iterable<T>): Iterable<T> {
  return { [Symbol.iterator]: () => items[Symbol.iterator]() };
}
