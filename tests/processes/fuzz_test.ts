import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzz } from "../fuzz/fuzz.ts";
import { readers } from "../fuzz/stores.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";

/** `deno task fuzz` tries many more. */
const COUNT = 60;

for (const [reader, { store }] of Object.entries(readers)) {
  const skip = columnarSkips[store.slice(store.lastIndexOf("."))] ?? false;

  test(`${reader}: a damaged file gives its rows or a StoreError that names it`, {
    skip,
    timeout: 180_000,
  }, async () => {
    const { faults, refused } = await fuzz({ reader, seed: 20261129, count: COUNT });
    assert.deepEqual(faults, []);
    assert.ok(refused > 0, "none was refused");
  });
}
