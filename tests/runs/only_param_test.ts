import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryBackend } from "../../backends/mod.ts";
import { dates, expandGrid, once, sweep } from "../../mod.ts";

const day = new Date("2024-01-05");

/** Returns the values of the runs of a function. */
async function valuesOf(
  fn: (...args: never[]) => unknown,
  items: Iterable<unknown>,
  key?: readonly string[],
): Promise<unknown[]> {
  const options = { store: new MemoryBackend(), save: true, quiet: true, ...key && { key } };
  const run = once(fn, options as object);
  const values: unknown[] = [];
  for await (const outcome of sweep(run, items as Iterable<never>)) values.push(outcome.value);
  return values;
}

test("the only argument of a function comes by name, in an array, or as itself", async () => {
  const square = (n: number) => n * n;
  const daily = (date: Date) => date.getUTCDate();
  const cases: [fn: (...args: never[]) => unknown, items: Iterable<unknown>, values: unknown[]][] =
    [
      [square, expandGrid({ n: [1, 2, 3] }), [1, 4, 9]],
      [square, [[1], [2]], [1, 4]],
      [square, [1, 2], [1, 4]],
      [(text: string) => text.length, dates("2024-01-01", "2024-01-02"), [10, 10]],
      [daily, [{ date: day }], [5]],
      [daily, [day], [5]],
      [(config: { lr: number }) => config.lr, [{ config: { lr: 2 } }], [2]],
      [(config: { lr: number }) => config.lr, [{ lr: 2 }], [2]],
      [(layers: number[]) => layers[0], [{ layers: [7, 8] }], [7]],
    ];
  for (const [fn, items, values] of cases) {
    assert.deepEqual(await valuesOf(fn, items), values, `${fn}`);
  }
  assert.deepEqual(await valuesOf(square, [1, 2], ["n"]), [1, 4]);
});

test("an object is the params object where the function reads the field of its own name", async () => {
  const items = [{ x: 3 }];
  assert.deepEqual(await valuesOf((x: { x: number }) => x.x, items), [3]);
  assert.deepEqual(await valuesOf((x: { x?: number }) => x?.x, items), [3]);
  assert.deepEqual(await valuesOf((x: { x: number }) => x["x"], items), [3]);
});

test("keys are equal, however the only argument comes", async () => {
  const square = once((n: number) => n * n, { store: new MemoryBackend(), quiet: true });
  assert.equal((await sweep(square, [1])).ran, 1);
  for (const items of [[1], [[1]], expandGrid({ n: [1] })] as Iterable<number>[]) {
    assert.equal((await sweep(square, items)).skipped, 1);
  }
});

test("a function with more arguments takes no single value", async () => {
  const power = once((base: number, exponent: number) => base ** exponent, {
    store: new MemoryBackend(),
  });
  await assert.rejects(sweep(power, [2] as never).done, /arrays of arguments, got number/);
});
