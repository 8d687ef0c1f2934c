import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzz } from "../fuzz/fuzz.ts";
import { readers } from "../fuzz/stores.ts";
import { rounds, seedOf } from "../rounds.ts";
import { type Runtime, runtimes } from "../runtimes.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";

const timeout = 300_000;
const COUNT = rounds(60);
/** Damaged files on each runtime, where packages with native code read them. */
const COLUMNAR_COUNT = rounds(100);

for (const [reader, { store, isColumnar }] of Object.entries(readers)) {
  const skip = columnarSkips[store.slice(store.lastIndexOf("."))] ?? false;
  const on: readonly Runtime[] = isColumnar ? runtimes : [runtimes.at(-1)!];

  for (const runtime of on) {
    test(
      `${reader}: a damaged file gives its rows or an error that names it (${runtime.name})`,
      { skip, timeout },
      async () => {
        const seed = seedOf(20261129);
        const count = isColumnar ? COLUMNAR_COUNT : COUNT;
        const { faults, refused } = await fuzz({ reader, seed, count, runtime });
        assert.deepEqual(faults, [], `seed ${seed}`);
        assert.ok(refused > 0, "no file was refused");
      },
    );
  }
}
