/** A value, now or later. */
export type MaybePromise<T> = T | Promise<T>;

/** Calls a function with a value: at once if the value is there, else when its promise resolves. */
export function andThen<T, U>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<U>,
): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Runs a body. An error that it throws, or with which its promise rejects, is handled. */
export function catching<T>(body: () => T, handle: (error: unknown) => T): T {
  try {
    const result = body();
    return result instanceof Promise ? result.catch(handle) as T : result;
  } catch (error) {
    return handle(error);
  }
}
