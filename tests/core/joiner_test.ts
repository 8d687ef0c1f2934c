import assert from "node:assert/strict";
import { test } from "node:test";
import { Joiner, type JoinerOptions } from "../../core/runtime/joiner.ts";

/** A joiner of requests `name:number`, and the batches that it has sent, each with the function that answers it. */
function joining(options: Partial<JoinerOptions<string>> = {}): {
  readonly joiner: Joiner<string, string>;
  readonly batches: { readonly items: readonly string[]; readonly answer: () => void }[];
} {
  const batches: { readonly items: readonly string[]; readonly answer: () => void }[] = [];
  const joiner = new Joiner<string, string>((items) => {
    const { promise, resolve } = Promise.withResolvers<readonly string[]>();
    batches.push({ items, answer: () => resolve(items.map((item) => `${item}!`)) });
    return promise;
  }, { maxItems: 100, ...options });
  return { joiner, batches };
}

/** Lets promises that have settled go on. */
async function turn(): Promise<void> {
  await new Promise<void>((resolve) => void setTimeout(resolve));
}

test("requests of one tick, and those that wait for a batch, are sent together", async () => {
  const { joiner, batches } = joining({ maxItems: 3 });
  const first = ["a", "b"].map((item) => joiner.add(item));
  await turn();
  const next = ["c", "d", "e", "f"].map((item) => joiner.add(item));
  await turn();
  assert.deepEqual(batches.map(({ items }) => items), [["a", "b"]]);
  batches[0]!.answer();
  assert.deepEqual(await Promise.all(first), ["a!", "b!"]);
  await turn();
  assert.deepEqual(batches[1]!.items, ["c", "d", "e"]);
  batches[1]!.answer();
  await turn();
  assert.deepEqual(batches[2]!.items, ["f"]);
  batches[2]!.answer();
  assert.deepEqual(await Promise.all(next), ["c!", "d!", "e!", "f!"]);
  await joiner.settled();
});

test("many requests are shared by two batches, those of one identity are not", async () => {
  const { joiner, batches } = joining({
    maxItems: 1_000,
    identityOf: (item) => item.split(":")[0]!,
  });
  const all = [joiner.add("same:0")];
  await turn();
  all.push(joiner.add("same:1"), joiner.add("same:2"));
  for (let i = 0; i < 200; i++) all.push(joiner.add(`other ${i}:0`));
  await turn();
  assert.equal(batches.length, 2);
  assert(
    batches[1]!.items.length >= 128 && !batches[1]!.items.some((item) => item.startsWith("same")),
  );
  batches[1]!.answer();
  await turn();
  const ofSame = (): string[] =>
    batches.flatMap(({ items }) => items.filter((item) => item.startsWith("same")));
  assert.deepEqual(ofSame(), ["same:0"]);
  for (let i = 0; i < batches.length; i++) {
    batches[i]!.answer();
    await turn();
  }
  assert.deepEqual(ofSame(), ["same:0", "same:1", "same:2"]);
  assert((await Promise.all(all)).every((answer) => answer.endsWith("!")));
  await joiner.settled();
});

test("many requests of one tick are shared by two batches", async () => {
  const { joiner, batches } = joining({ maxItems: 1_000 });
  const all = Array.from({ length: 300 }, (_, i) => joiner.add(`${i}`));
  await turn();
  assert.deepEqual(batches.map(({ items }) => items.length), [150, 150]);
  for (const { answer } of batches) answer();
  assert.equal((await Promise.all(all)).length, 300);
});

test("a batch has at most a size, or one request", async () => {
  const { joiner, batches } = joining({ maxSize: 5, sizeOf: (item) => item.length });
  const all = ["aaa", "bb", "c", "dddddddd", "e"].map((item) => joiner.add(item));
  for (let i = 0; i < 4; i++) {
    await turn();
    batches[i]?.answer();
  }
  await Promise.all(all);
  assert.deepEqual(batches.map(({ items }) => items), [["aaa", "bb"], ["c"], ["dddddddd"], ["e"]]);
});

test("a batch that fails rejects its requests, and no other", async () => {
  const joiner = new Joiner<number, number>((items) => {
    if (items.includes(1)) return Promise.reject(new Error("refused"));
    return Promise.resolve(items);
  }, { maxItems: 2 });
  const all = [1, 2, 3].map((item) => joiner.add(item));
  assert.deepEqual((await Promise.allSettled(all)).map(({ status }) => status), [
    "rejected",
    "rejected",
    "fulfilled",
  ]);
  assert.equal(await joiner.add(4), 4);
});
