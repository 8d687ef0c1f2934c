import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryBackend } from "../../backends/mod.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { once, type Row } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";

test("a store in memory matches by cell text: 1 is 1.0 and not the string", () => {
  const backend = new MemoryBackend();
  backend.record({ a: 1, b: NaN, c: [1, { x: null }], d: null });
  assert(backend.has({ a: 1.0, b: NaN, c: [1, { x: null }], d: null }));
  assert(backend.has({}));
  for (const columns of [{ a: "1" }, { c: [1] }, { d: "None" }, { e: null }, { a: 1, e: 1 }]) {
    assert(!backend.has(columns as Row), JSON.stringify(columns));
  }
});

test("a store in memory adds _stet_timestamp, last, unless a row has one", () => {
  const backend = new MemoryBackend();
  const before = new Date().toISOString();
  backend.record({ a: 1 });
  backend.record({ _stet_timestamp: "2026-01-01T00:00:00Z", a: 2 });
  const [first, second] = backend.load();
  assert.deepEqual(Object.keys(first!), ["a", "_stet_timestamp"]);
  assert(String(first!._stet_timestamp) >= before);
  assert.deepEqual(second, { a: 2, _stet_timestamp: "2026-01-01T00:00:00Z" });
});

test("a store in memory keeps copies: later changes of a row do not reach it", () => {
  const backend = new MemoryBackend();
  const xs = [1];
  backend.record({ xs });
  xs.push(2);
  (backend.load()[0]!.xs as number[]).push(3);
  assert.deepEqual(backend.load()[0]!.xs, [1]);
});

test("a store in memory removes what agrees on all columns given, and gives the count", () => {
  const backend = new MemoryBackend();
  for (const a of [1, 2, 2, 3]) backend.record({ a, b: "x" });
  assert.equal(backend.remove({ a: 2 }), 2);
  assert.equal(backend.remove({ a: 2 }), 0);
  assert.equal(backend.remove({ c: 1 }), 0);
  assert.throws(() => backend.remove({}), /without a column.*clear\(\)/);
  assert.deepEqual(backend.load().map(({ a }) => a), [1, 3]);
  backend.clear();
  assert.deepEqual(backend.load(), []);
  assert(!backend.has({}));
});

test("a store in memory removes the rows of one key, and none that has more columns", () => {
  const backend = new MemoryBackend();
  const _stet_timestamp = "2026-01-01T00:00:00Z";
  for (const row of [{ a: 1 }, { a: 1, b: 2 }, { a: 1 }]) {
    backend.record({ ...row, _stet_timestamp });
  }
  assert.equal(backend.keys.remove(keyOf(keyShape(undefined), { a: 1 })), 2);
  assert.deepEqual(backend.load(), [{ a: 1, b: 2, _stet_timestamp }]);
});

test("a store in memory refuses what a file could not keep", () => {
  const backend = new MemoryBackend();
  const row = { a: new Map() } as unknown as Row;
  assert.throws(() => backend.record(row), { name: "TypeError", message: /row\.a.*Map/ });
  assert.deepEqual(backend.load(), []);
});

test('":memory:" is a store of its own each time it is named', async () => {
  const [one, two] = [await openEngine(":memory:"), await openEngine(":memory:")];
  await one.record({ a: 1 });
  assert.deepEqual([await one.has({ a: 1 }), await two.has({ a: 1 })], [true, false]);

  const ran: string[] = [];
  const options = { store: ":memory:", quiet: true };
  const first = once((n: number) => void ran.push(`first ${n}`), options);
  const second = once((n: number) => void ran.push(`second ${n}`), options);
  for (const fn of [first, second, first, second]) await fn(1);
  assert.deepEqual(ran, ["first 1", "second 1"]);
});
