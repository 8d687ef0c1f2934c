/** A result that is there at once, or a promise of it: callers always `await`. */
export type MaybePromise<T> = T | Promise<T>;
