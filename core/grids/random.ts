import { hash } from "node:crypto";

/**
 * Gives a stream of random numbers from 0 to below 1, of 53 bits each, that is the same for the same
 * text on all runtimes, and independent of those for other texts.
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
