/**
 * The quick-start of Python's entropic, in TypeScript, in the folder given; the same as
 * tests/python/entropic_quick_start.py.
 *
 * @module
 */

import assert from "node:assert/strict";
import fs from "node:fs";
import process from "node:process";
import { Store } from "../../mod.ts";

process.chdir(process.argv[2]!);

const store = new Store({
  runner: ({ n, steps, resultFile }) => fs.writeFileSync(resultFile, `${n} x ${steps}`),
  columns: { n: "integer", steps: "integer", dt: "real" },
  resultsDir: "./results",
  store: "sqlite:///./runs.sqlite3",
  fileSuffix: ".npy",
});

const record = await store.runOrRetrieve({ n: 100, steps: 5000, dt: 0.01 });
const same = await store.runOrRetrieve({ n: 100, steps: 5000, dt: 0.01 });
assert.deepEqual(same, record);
await store.runOrRetrieve({ n: 50, steps: 10, dt: 1 }, { git_sha: "abc123" });
await store.close();
