import process from "node:process";

/** Factor of the rounds in `deno task soak`; 1 in the suite. */
const FACTOR = Number(process.env["STET_ROUNDS"] ?? 1);

/** Returns the number of rounds of a test with random input: this many, and more in a soak. */
export function rounds(count: number): number {
  return count * FACTOR;
}

/** Returns the seed of a test with random input: this one, and another in each soak. */
export function seedOf(seed: number): number {
  return FACTOR === 1 ? seed : Math.floor(Math.random() * 2 ** 31);
}
