/** A value, now or later. */
export type MaybePromise<T> = T | Promise<T>;

/** Calls a function with a value: at once if the value is there, else when its promise resolves. */
export function andThen<T, U>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<U>,
): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
