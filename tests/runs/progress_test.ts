import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { MemoryBackend } from "../../backends/mod.ts";
import { expandGrid, once, type OnceFunction, type Progress, range, sweep } from "../../mod.ts";

const grid = expandGrid({ lr: [0.1, 0.5], n: range(1, 5) });

function square(): OnceFunction<[{ n: number; lr: number }], number> {
  return once(({ n, lr }: { n: number; lr: number }) => n * lr, { store: new MemoryBackend() });
}

test("progress: a function receives the counts and the total of a grid at the end", async () => {
  const seen: Progress[] = [];
  const progress = (each: Progress): void => void seen.push(each);
  await sweep(square(), grid, { progress, shard: { index: 0, count: 4 } });
  const { ran, skipped, failed, total } = seen.at(-1)!;
  assert.deepEqual({ ran, skipped, failed, total }, { ran: 3, skipped: 0, failed: 0, total: 3 });
});

test("progress: what its function throws ends the sweep", async () => {
  const progress = (): void => {
    throw new Error("no place to draw");
  };
  await assert.rejects(sweep(square(), grid, { progress }).done, /no place to draw/);
});

test("progress: true prints a line at the end where there is no terminal", {
  skip: process.stderr.isTTY && "standard error is a terminal",
}, async () => {
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  await sweep(square(), grid, { progress: true, log });
  assert.match(lines.join("\n"), /^\[stet\] █+ 100% {2}10\/10 {2}10 ran {2}0 skipped {2}0 failed/);
});

test("progress of another kind is a TypeError", () => {
  const options = { progress: "yes" } as never;
  assert.throws(() => sweep(square(), grid, options), { name: "TypeError" });
});

test("grids and ranges have a length", () => {
  assert.equal(grid.length, 10);
  assert.equal(range(0, 1, 0.25).length, 5);
  assert.equal([...grid].length, grid.length);
});
