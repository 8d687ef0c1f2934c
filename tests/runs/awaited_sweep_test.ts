import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryBackend } from "../../backends/mod.ts";
import { expandGrid, once, sweep } from "../../mod.ts";

test("a sweep that is awaited begins, and resolves to its counts", async () => {
  const store = new MemoryBackend();
  const square = once(({ n }: { n: number }) => n * n, { store, quiet: true });
  const counts = await sweep(square, expandGrid({ n: [1, 2, 3] }));
  assert.deepEqual(counts, { ran: 3, skipped: 0, failed: 0 });
  assert.equal(store.load().length, 3);
});

test("a sweep that is awaited while it is iterated over runs each key once", async () => {
  const square = once(({ n }: { n: number }) => n * n, { store: new MemoryBackend() });
  const sweeping = sweep(square, [{ n: 1 }, { n: 2 }]);
  const values: unknown[] = [];
  for await (const outcome of sweeping) values.push(outcome.params.n);
  assert.deepEqual(values, [1, 2]);
  assert.deepEqual(await sweeping, await sweeping.done);
});

test("a sweep has catch and finally, which begin it", async () => {
  const square = once((n: number) => n * n, { store: new MemoryBackend() });
  const ends: unknown[] = [];
  const counts = await sweep(square, [[1]]).finally(() => ends.push("end"));
  assert.equal(counts.ran, 1);
  const broken = await sweep(square, [null] as never).catch((error) => error);
  assert(broken instanceof TypeError);
  assert.deepEqual(await sweep(square, [[2]]).catch(() => ends.push("error")), {
    ran: 1,
    skipped: 0,
    failed: 0,
  });
  assert.deepEqual(ends, ["end"]);
});

test("a sweep that is awaited rejects with the error that broke it", async () => {
  const square = once((n: number) => n * n, { store: new MemoryBackend() });
  await assert.rejects(async () => await sweep(square, [null] as never), TypeError);
});
