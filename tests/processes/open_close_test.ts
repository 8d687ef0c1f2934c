import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openBackend } from "../../mod.ts";
import { rounds } from "../rounds.ts";
import { runtimes } from "../runtimes.ts";
import { tempStore } from "../temp_folder.ts";

const script = fileURLToPath(new URL("../workers/open_close_worker.ts", import.meta.url));
const timeout = 300_000;
const workers = 9;
/** How often each worker opens and closes the store; SQLite takes its time to end its log. */
const timesOf = { ".csv": rounds(150), ".sqlite": rounds(20) };

/** What a worker wrote as errors, once it has ended. */
function run(store: string, number: number, times: number): Promise<string> {
  const { command, args } = runtimes[number % runtimes.length]!;
  const child = spawn(command, [...args, script, store, String(number), String(times)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => errors += text);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code === 0 ? "" : `ended with ${code}: ${errors}`));
  });
}

for (const [extension, times] of Object.entries(timesOf)) {
  // Each close may unlink the state file, or end the log, that another process is just opening.
  test(
    `${extension}: processes that open and close a store at once lose no row, and leave one file`,
    { timeout },
    async (t) => {
      const store = tempStore(t, `runs${extension}`);
      const runs = Array.from({ length: workers }, (_, i) => run(store, i, times));
      const errors = await Promise.all(runs);
      assert.deepEqual(errors.filter((text) => text !== ""), []);
      assert.deepEqual(readdirSync(dirname(store)), [`runs${extension}`]);
      const backend = await openBackend(store);
      const rows = await backend.load();
      await backend.close();
      assert.equal(new Set(rows.map(({ worker, i }) => `${worker} ${i}`)).size, workers * times);
      assert.equal(rows.length, workers * times);
    },
  );
}

test(
  "two processes that make one SQLite store at once both record",
  { timeout },
  async (t) => {
    const store = tempStore(t, "runs-{}.sqlite");
    const errors = await Promise.all([0, 1].map((number) => run(store, number, rounds(100))));
    assert.deepEqual(errors.filter((text) => text !== ""), []);
  },
);
