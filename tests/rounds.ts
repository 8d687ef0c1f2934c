import process from "node:process";

/** Factor of the rounds in `deno task soak`; 1 in the suite. */
const FACTOR = Number(process.env["STET_ROUNDS"] ?? 1);

/** Returns the number of rounds of a test with random input: this many, and more in a soak. */
export function rounds(count: number): number {
  return count * FACTOR;
}

/**
 * Returns the number of rounds on this runtime of a test with random input to code that is the same on all
 * three: each does a third, with input of its own.
 */
export function sharedRounds(count: number): number {
  return Math.ceil(rounds(count) / 3);
}

/** Returns the seed of a test with random input: this one, and another in each soak. */
export function seedOf(seed: number): number {
  return FACTOR === 1 ? seed : Math.floor(Math.random() * 2 ** 31);
}
