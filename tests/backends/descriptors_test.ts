import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import { openEngine } from "../open_engine.ts";
import { tempStore } from "../temp_folder.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";

const extensions = [".csv", ".json", ".jsonl", ".sqlite", ".parquet", ".arrow", ".arrows"];
const DESCRIPTORS = "/proc/self/fd";

for (const extension of extensions) {
  const skip = existsSync(DESCRIPTORS) ? columnarSkips[extension] : "no /proc/self/fd";
  test(`${extension}: a read that is not begun, or left half way, holds no descriptor`, {
    skip: skip ?? false,
    timeout: 60_000,
  }, async (t) => {
    const store = tempStore(t, `runs${extension}`);
    const first = await openEngine(store);
    for (let seed = 0; seed < 20; seed++) await first.record({ seed, model: `model ${seed}` });
    await first.close();
    const backend = await openEngine(store); // some rows are merged, the others are pending
    for (let seed = 20; seed < 40; seed++) await backend.record({ seed, model: `model ${seed}` });
    const complete = engineOf(backend);
    const members: Readonly<Record<string, () => unknown>> = {
      rows: () => complete.rows(),
      "rows of one column": () => complete.rows({ columns: ["seed"] }),
      cells: () => backend.cells?.() ?? [],
      valueBatches: () => complete.valueBatches(["seed"]),
      rowsAfter: async () => (await complete.rowsAfter()).rows,
    };
    for (const [name, read] of Object.entries(members)) {
      for (const isBegun of [false, true]) {
        await visit(await read(), isBegun); // what is opened once stays open
        const before = readdirSync(DESCRIPTORS).length;
        for (let i = 0; i < 20; i++) await visit(await read(), isBegun);
        const left = readdirSync(DESCRIPTORS).length - before;
        assert.ok(left < 10, `${name}, ${isBegun ? "begun" : "not begun"}: ${left} descriptors`);
      }
    }
    await backend.close();
  });
}

/** Takes the first item of a read, if it is to be begun, and leaves it. */
async function visit(read: unknown, isBegun: boolean): Promise<void> {
  if (!isBegun) return;
  for await (const _ of read as AsyncIterable<unknown>) return;
}
