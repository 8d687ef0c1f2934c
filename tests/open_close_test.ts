import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runtimes } from "./runtimes.ts";
import { tempStore } from "./temp_folder.ts";

const script = fileURLToPath(new URL("workers/open_close_worker.ts", import.meta.url));
const workers = 9;
const times = 150;

/** What a worker wrote as errors, once it has ended. */
function run(store: string, number: number): Promise<string> {
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

// Each close may unlink the state file that another process is just opening.
test(
  "processes that open and close a store at once lose no row",
  { timeout: 60_000 },
  async (t) => {
    const store = tempStore(t);
    const errors = await Promise.all(Array.from({ length: workers }, (_, i) => run(store, i)));
    assert.deepEqual(errors.filter((text) => text !== ""), []);
    const lines = readFileSync(store, "utf8").trimEnd().split("\n").slice(1);
    assert.equal(new Set(lines.map((line) => line.split(",", 2).join())).size, workers * times);
    assert.equal(lines.length, workers * times);
    assert.deepEqual(readdirSync(dirname(store)), ["runs.csv"]);
  },
);
