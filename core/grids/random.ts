import { hash } from "node:crypto";

/**
 * Returns a stream of random numbers from 0 to below 1, of 53 bits each, the same for the same text on all
 * runtimes, and independent of those for other texts.
 *
 * The generator is sfc32 of Chris Doty-Humphrey's PractRand (https://pracrand.sourceforge.net,
 * `src/RNGs/sfc.cpp`), seeded as its `seed(s1, s2, s3)` does, with words of the text's SHA-256; the bits
 * become a number as in `genrand_res53` of the Mersenne Twister. Not for secrets.
 */
export function random(text: string): () => number {
  const seed = hash("sha256", text, "hex");
  let a = Number.parseInt(seed.slice(0, 8), 16);
  let b = Number.parseInt(seed.slice(8, 16), 16);
  let c = Number.parseInt(seed.slice(16, 24), 16);
  let counter = 1;
  const next = (): number => {
    const out = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + out | 0;
    return out >>> 0;
  };
  for (let i = 0; i < 15; i++) next();
  return () => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53;
}

/**
 * Returns `wanted` distinct whole numbers from 0 to below `count` in random order, all of them if there are no
 * more: the first steps of a Fisher-Yates shuffle (Knuth, TAOCP 2, algorithm 3.4.2P). A larger `wanted` begins
 * with the same numbers. Takes memory for the numbers drawn only.
 */
export function drawPlaces(count: number, wanted: number, seed: number): number[] {
  const next = random(`${seed} `); // no param has an empty name
  /** The places that were swapped. */
  const moved = new Map<number, number>();
  const drawn: number[] = [];
  for (let i = 0; i < Math.min(count, wanted); i++) {
    const j = i + Math.floor(next() * (count - i));
    drawn.push(moved.get(j) ?? j);
    moved.set(j, moved.get(i) ?? i);
    moved.delete(i);
  }
  return drawn;
}
