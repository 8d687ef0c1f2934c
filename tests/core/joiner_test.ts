import assert from "node:assert/strict";
import { test } from "node:test";
import { Joiner } from "../../core/runtime/joiner.ts";

test("requests of one turn, and those that wait for a batch, are sent together", async () => {
  const batches: number[][] = [];
  const gates: (() => void)[] = [];
  const joiner = new Joiner<number, number>(async (requests) => {
    batches.push([...requests]);
    await new Promise<void>((resolve) => gates.push(resolve));
    return requests.map((x) => x * 2);
  }, 3);
  const first = [1, 2].map((x) => joiner.ask(x));
  await Promise.resolve();
  assert.deepEqual(batches, [[1, 2]]);
  const next = [3, 4, 5, 6].map((x) => joiner.ask(x));
  await Promise.resolve();
  assert.equal(batches.length, 1);
  gates.shift()!();
  assert.deepEqual(await Promise.all(first), [2, 4]);
  assert.deepEqual(batches.slice(1), [[3, 4, 5]]);
  gates.shift()!();
  assert.deepEqual(await Promise.all(next.slice(0, 3)), [6, 8, 10]);
  gates.shift()!();
  assert.equal(await next[3], 12);
});

test("a batch that fails rejects its requests, and no other", async () => {
  const joiner = new Joiner<number, number>((requests) => {
    if (requests.includes(1)) throw new Error("refused");
    return Promise.resolve([...requests]);
  }, 2);
  const all = [1, 2, 3].map((x) => joiner.ask(x));
  assert.deepEqual((await Promise.allSettled(all)).map(({ status }) => status), [
    "rejected",
    "rejected",
    "fulfilled",
  ]);
  assert.equal(await joiner.ask(4), 4);
});
