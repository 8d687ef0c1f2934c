/** The time after which a store that does not answer is a problem, in milliseconds. */
export const MAX_SILENCE_MS = 5000;

/** Returns the problem of a store that does not answer. */
export function silenceOf(store: string): string {
  return `Cannot read store "${store}": it has not answered for ${MAX_SILENCE_MS / 1000} s; ` +
    `it is asked until it does`;
}
