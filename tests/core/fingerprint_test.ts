import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { Fingerprint } from "../../core/keys/fingerprint.ts";
import { FingerprintSet } from "../../core/keys/fingerprint_set.ts";
import { Fingerprints } from "../../core/keys/fingerprints.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { writeCell } from "../../core/values/cell.ts";
import { rounds } from "../rounds.ts";

function lanesOf(text: string): readonly [number, number, number] {
  const { a, b, c } = new Fingerprint().begin().text(text).end();
  return [a, b, c];
}

test("text() and ascii() feed the same, in pieces or whole", () => {
  const fingerprint = new Fingerprint();
  const ascii = fc.string({ unit: "grapheme-ascii", maxLength: 40 });
  fc.assert(
    fc.property(ascii, ascii, ascii, (first, second, third) => {
      const whole = lanesOf(first + second + third);
      const bytes = Buffer.from(first + second + third);
      const middle = first.length + second.length;
      fingerprint.begin().text(first).ascii(bytes, first.length, middle).text(third).end();
      assert.deepEqual([fingerprint.a, fingerprint.b, fingerprint.c], whole);
    }),
    { numRuns: rounds(300) },
  );
});

test("fingerprints that are fed column by column are those of the keys", () => {
  const cell = fc.option(fc.oneof(fc.string(), fc.integer(), fc.double()), { nil: undefined });
  const fingerprints = new Fingerprints();
  fc.assert(
    fc.property(fc.array(fc.record({ a: cell, b: cell }), { maxLength: 5 }), (rows) => {
      const shape = keyShape(["a", "b", "c"], { b: 5 });
      fingerprints.begin(rows.length);
      for (const name of ["a", "b"] as const) {
        const cells = rows.map((row) => row[name] === undefined ? "" : writeCell(row[name]));
        const isAny = cells.some((text) => text !== "");
        const column = isAny ? cells.map((text) => `${text}\x1f`).join("") : undefined;
        fingerprints.column(name, column, shape.defaults.get(name) ?? "");
      }
      fingerprints.column("c", undefined, "");
      for (const [i, row] of rows.entries()) {
        const { a, b, c } = keyOf(shape, row).fingerprint;
        assert.deepEqual({ ...fingerprints.end(i) }, { a, b, c });
      }
    }),
    { numRuns: rounds(300) },
  );
});

test("a set of fingerprints numbers them in order of arrival, also those that differ in one lane", () => {
  const fingerprint = new Fingerprint();
  const lanes = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 5 << 20];
  const all = lanes.flatMap((a) => lanes.flatMap((b) => lanes.map((c) => ({ a, b, c }))));
  for (let i = 0; i < 3_000; i++) all.push({ a: i * 7 + 11, b: i * 13 + 17, c: 3 });
  for (const expected of [0, 600.5, all.length, 2 * all.length, NaN, -1]) {
    const set = new FingerprintSet(expected);
    for (const [i, each] of all.entries()) {
      assert.equal(set.numberOf(Object.assign(fingerprint, each)), -1);
      assert.equal(set.add(fingerprint), i);
      assert.equal(set.add(fingerprint), i);
    }
    for (const [i, each] of all.entries()) {
      assert.equal(set.numberOf(Object.assign(fingerprint, each)), i);
    }
    assert.equal(set.size, all.length);
  }
});

test("begin() forgets what was fed before", () => {
  const fingerprint = new Fingerprint().begin().text("other").end();
  fingerprint.begin().text("key").end();
  assert.deepEqual([fingerprint.a, fingerprint.b, fingerprint.c], lanesOf("key"));
});

test("the lanes are signed 32-bit integers", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      for (const lane of lanesOf(text)) assert.equal(lane, lane | 0);
    }),
    { numRuns: rounds(300) },
  );
});

test("the order of what is fed counts", () => {
  const texts = ["", "a", "ab", "ba", "aab", "aba", "baa", "a\0", "\0a", "é", "e\u0301"];
  assert.equal(new Set(texts.map((text) => lanesOf(text).join())).size, texts.length);
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (x, y) => {
      fc.pre(x + y !== y + x);
      assert.notDeepEqual(lanesOf(x + y), lanesOf(y + x));
    }),
    { numRuns: rounds(300) },
  );
});

/** How many of the numbers stand more than once, counted as pairs of neighbours once sorted. */
function collisions(sorted: Float64Array | Uint32Array | BigUint64Array): number {
  let count = 0;
  for (let i = 1; i < sorted.length; i++) if (sorted[i] === sorted[i - 1]) count++;
  return count;
}

test("300,000 keys of grids collide in no two lanes, and in each as seldom as chance has it", () => {
  const keys: string[] = [];
  const key = (...cells: string[]): number => keys.push(cells.join("\x1f") + "\x1f");
  for (let alpha = 0; alpha < 100; alpha++) {
    for (let seed = 0; seed < 1000; seed++) key(`alpha\x1e${alpha / 100}`, `seed\x1e${seed}`);
  }
  for (let seed = 0; seed < 100_000; seed++) key(`seed\x1e${seed}`);
  for (let x = 0; x < 40; x++) {
    for (let y = 0; y < 50; y++) {
      for (let z = 0; z < 25; z++) key(`x\x1e${x}`, `y\x1e${y}`, `z\x1e${1e-5 * z}`);
    }
  }
  const day = 24 * 3600 * 1000;
  for (let i = 0; i < 50_000; i++) {
    key(`day\x1e${new Date(i * day).toISOString().slice(0, 10)}`, `model\x1em-${i % 7}`);
  }
  const n = keys.length;
  assert.equal(n, 300_000);

  const lanes = [new Uint32Array(n), new Uint32Array(n), new Uint32Array(n)] as const;
  const fingerprint = new Fingerprint();
  for (const [i, text] of keys.entries()) {
    fingerprint.begin().text(text).end();
    lanes[0][i] = fingerprint.a;
    lanes[1][i] = fingerprint.b;
    lanes[2][i] = fingerprint.c;
  }
  for (const [high, low] of [[0, 1], [0, 2], [1, 2]] as const) {
    const pairs: BigUint64Array = new BigUint64Array(n);
    const halves = new Uint32Array(pairs.buffer);
    for (let i = 0; i < n; i++) {
      halves[2 * i] = lanes[low][i]!;
      halves[2 * i + 1] = lanes[high][i]!;
    }
    assert.equal(collisions(pairs.sort()), 0, `lanes ${high} and ${low}`);
  }
  const chance = n * n / 2 ** 33;
  for (const [i, lane] of lanes.entries()) {
    const count = collisions(lane.sort());
    assert(count < 10 * chance + 10, `lane ${i}: ${count} collisions, by chance ${chance}`);
  }
});
