/**
 * Opens damaged copies of a store and reads them, and prints how many gave the rows of the store (`same`),
 * others (`other`) or an error (`error`). It ends with an error where one is not a `FormatError` that
 * names the file, or a file was changed. Arguments: the store, how many copies, the number that the
 * damage is derived from.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import process from "node:process";
import { inspect } from "node:util";
import { FormatError, openBackend, verify } from "../../mod.ts";

const [store, count, seed] = process.argv.slice(2) as [string, string, string];
const original = readFileSync(store);
let state = Number(seed);

/** A number from 0 up to a limit (a linear congruential generator: the same on each runtime). */
function random(limit: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor(state / 2 ** 32 * limit);
}

/** A place in a file: half of them near its end, where its metadata is. */
function place(length: number): number {
  return random(2) === 0 ? random(length) : length - 1 - random(Math.min(length, 1000));
}

const LARGE = [0xffffffff, 0x7fffffff, 0x80000000, 0x10000000, 0x00ffffff, 0];

function damaged(bytes: Buffer): Buffer {
  const at = place(bytes.length);
  switch (random(6)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(64))]);
    case 2:
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.alloc(1 + random(16)),
        bytes.subarray(at),
      ]);
    case 3: {
      const copy = Buffer.from(bytes);
      copy.copy(copy, at, random(bytes.length), random(bytes.length)); // a block of another place
      return copy;
    }
    case 4: {
      const copy = Buffer.from(bytes);
      copy.writeUInt32LE(LARGE[random(LARGE.length)]!, Math.min(at & ~3, bytes.length - 4));
      return copy;
    }
    default: {
      const copy = Buffer.from(bytes);
      for (let i = 0; i <= random(3); i++) copy[place(bytes.length)]! ^= 1 << random(8);
      return copy;
    }
  }
}

async function rowsOf(file: string): Promise<string | undefined> {
  const backend = await openBackend(file);
  try {
    return inspect(await backend.load(), { maxArrayLength: Infinity });
  } catch (error) {
    assert.ok(error instanceof FormatError && error.message.includes(file), `${file}: ${error}`);
    const [finding] = await verify(file);
    assert.equal(finding?.kind, "unreadable");
    return undefined;
  } finally {
    await backend.close();
  }
}

const expected = await rowsOf(store);
const counts = { same: 0, other: 0, error: 0 };
for (let i = 0; i < Number(count); i++) {
  const bytes = damaged(original);
  if (bytes.equals(original) || bytes.length === 0) continue;
  const file = join(dirname(store), `damaged-${seed}-${i}${extname(store)}`);
  writeFileSync(file, bytes);
  const rows = await rowsOf(file);
  counts[rows === undefined ? "error" : rows === expected ? "same" : "other"]++;
  assert.deepEqual(readFileSync(file), bytes);
}
// Of the process, and of DuckDB in it: the sizes in damaged metadata are up to 2^63.
assert.ok(process.memoryUsage.rss() < 1e9);
console.log(JSON.stringify(counts));
