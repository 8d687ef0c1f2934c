import { Buffer } from "node:buffer";
import type { Random } from "./random.ts";

/** A damaged copy of a file. */
export interface Mutation {
  readonly bytes: Buffer;
  /** How it was damaged, for a report. */
  readonly what: string;
}

/** Sizes that a reader should not believe. */
const SIZES = [0, 1, -1, 0x7f, 0xff, 0x7fff_ffff, -0x8000_0000, 0x00ff_ffff, 0x1000_0000];

/** Bytes with a meaning to some reader. */
const INSERTIONS = ["\0", "\0\0\0\0", "\ufeff", '"', "\n", "\r", "]", "[", "}", "{", ",", "\\"]
  .map((text) => Buffer.from(text))
  .concat(Buffer.of(0xff), Buffer.of(0xed, 0xa0, 0x80), Buffer.alloc(64));

type Mutator = (bytes: Buffer, random: Random, other: Buffer) => Mutation;

const mutators: readonly Mutator[] = [
  function flip(bytes, random) {
    const copy = Buffer.from(bytes);
    const count = 1 + random.below(8);
    const places = Array.from({ length: count }, () => placeIn(bytes, random));
    for (const at of places) copy[at]! ^= 1 << random.below(8);
    return { bytes: copy, what: `bits flipped at ${places.join(", ")}` };
  },
  function overwrite(bytes, random) {
    const copy = Buffer.from(bytes);
    const at = placeIn(bytes, random);
    const length = Math.min(1 + random.below(32), bytes.length - at);
    for (let i = 0; i < length; i++) copy[at + i] = random.below(256);
    return { bytes: copy, what: `${length} random bytes at ${at}` };
  },
  function resize(bytes, random) {
    const copy = Buffer.from(bytes);
    const at = Math.min(placeIn(bytes, random) & ~3, Math.max(0, bytes.length - 4));
    const size = random.pick(SIZES);
    if (bytes.length >= 4) copy.writeInt32LE(size, at);
    return { bytes: copy, what: `the 32-bit integer ${size} at ${at}` };
  },
  function truncate(bytes, random) {
    const length = random.below(bytes.length);
    return { bytes: bytes.subarray(0, length), what: `cut to ${length} bytes` };
  },
  function remove(bytes, random) {
    const [start, end] = rangeIn(bytes, random);
    const rest = Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
    return { bytes: rest, what: `bytes ${start} to ${end} removed` };
  },
  function zero(bytes, random) {
    const copy = Buffer.from(bytes);
    const size = random.pick([16, 512, 4096]);
    const start = Math.floor(random.below(bytes.length) / size) * size;
    copy.fill(0, start, Math.min(start + size, copy.length));
    return { bytes: copy, what: `${size} zero bytes at ${start}` };
  },
  function insert(bytes, random) {
    const at = placeIn(bytes, random);
    const added = random.pick(INSERTIONS);
    const all = Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at)]);
    return { bytes: all, what: `${JSON.stringify(added.toString("latin1"))} inserted at ${at}` };
  },
  function duplicate(bytes, random) {
    const [start, end] = rangeIn(bytes, random);
    const all = Buffer.concat([bytes.subarray(0, end), bytes.subarray(start)]);
    return { bytes: all, what: `bytes ${start} to ${end} repeated` };
  },
  function swap(bytes, random) {
    const size = random.pick([8, 64, 512, 4096]);
    const blocks = Math.floor(bytes.length / size);
    if (blocks < 2) return { bytes: Buffer.alloc(0), what: "everything removed" };
    const [a, b] = [random.below(blocks) * size, random.below(blocks) * size];
    const copy = Buffer.from(bytes);
    bytes.copy(copy, a, b, b + size);
    bytes.copy(copy, b, a, a + size);
    return { bytes: copy, what: `${size} bytes at ${a} and ${b} swapped` };
  },
  function splice(bytes, random, other) {
    const at = random.below(bytes.length);
    const from = random.below(other.length);
    const all = Buffer.concat([bytes.subarray(0, at), other.subarray(from)]);
    return { bytes: all, what: `another file from byte ${from} on, at ${at}` };
  },
];

/**
 * Returns a damaged copy of a file: bits flipped, bytes overwritten, removed, repeated, swapped, zeroed
 * or inserted, sizes replaced, the file cut short, or its tail replaced by that of another.
 *
 * @param other Another valid file of the same format.
 */
export function mutate(bytes: Buffer, other: Buffer, random: Random): Mutation {
  return random.pick(mutators)(bytes, random, other);
}

/** Half of all places are near an end, where headers and footers are. */
function placeIn(bytes: Buffer, random: Random): number {
  const near = Math.min(600, bytes.length);
  switch (random.below(4)) {
    case 0:
      return random.below(near);
    case 1:
      return bytes.length - 1 - random.below(near);
    default:
      return random.below(bytes.length);
  }
}

function rangeIn(bytes: Buffer, random: Random): [start: number, end: number] {
  const start = random.below(bytes.length);
  return [start, Math.min(bytes.length, start + 1 + random.below(random.pick([8, 512, 8192])))];
}
