import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openBackend } from "../../mod.ts";
import { runtimes } from "../runtimes.ts";
import { tempStore } from "../temp_folder.ts";
import { startSidecar } from "../workers/sidecar_process.ts";

function isThere(command: string): boolean {
  return spawnSync(command, ["--version"]).status === 0;
}

/** What a program of examples/sidecar prints. */
function run(command: string, file: string, url: string, token?: string): Promise<string> {
  const path = fileURLToPath(new URL(`../../examples/sidecar/${file}`, import.meta.url));
  const child = spawn(command, [path, url], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: process.env["PATH"], ...token !== undefined && { STET_TOKEN: token } },
  });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text) => out += text);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once(
      "close",
      (code) => code === 0 ? resolve(out) : reject(new Error(`${file}: ${code}`)),
    );
  });
}

const runtime = runtimes[0]!;

test("worker.sh: curl in a shell claims, works and records, and skips the next time", {
  skip: isThere("curl") ? false : "there is no curl",
}, async (t) => {
  const store = tempStore(t);
  const sidecar = await startSidecar(runtime, [store, "--port", "0"], { STET_TOKEN: "a b=c" });
  const both = await Promise.all([1, 2].map(() => run("sh", "worker.sh", sidecar.url, "a b=c")));
  const lines = both.join("").trim().split("\n");
  assert.equal(lines.filter((line) => line.startsWith("ran")).length, 6);
  assert.equal(lines.filter((line) => line.startsWith("skipped")).length, 6);
  assert.doesNotMatch(await run("sh", "worker.sh", sidecar.url, "a b=c"), /ran/);
  assert.equal(await sidecar.end("SIGTERM"), 0);

  const backend = await openBackend(store);
  const rows = await backend.load();
  await backend.close();
  assert.equal(rows.length, 6);
  for (const row of rows) {
    assert.ok(
      Math.abs(Number(row["result.loss"]) - Number(row["alpha"]) * Number(row["seed"])) < 1e-6,
    );
  }
});

test("worker.py: two Python programs share a grid, each run recorded once", {
  skip: isThere("python3") ? false : "there is no python3",
}, async (t) => {
  const store = tempStore(t);
  const sidecar = await startSidecar(runtime, [store, "--port", "0"]);
  const counts = await Promise.all(
    [1, 2].map(async () => JSON.parse(await run("python3", "worker.py", sidecar.url))),
  );
  assert.equal(counts[0].ran + counts[1].ran, 20);
  const again = JSON.parse(await run("python3", "worker.py", sidecar.url));
  assert.deepEqual(again, { "ran": 0, "done before": 20 });
  assert.equal(await sidecar.end("SIGINT"), 0);

  const backend = await openBackend(store);
  const rows = await backend.load();
  await backend.close();
  assert.equal(rows.length, 20);
  for (const row of rows) {
    assert.equal(row["result.loss"], Number(row["alpha"]) * Number(row["seed"]));
    assert.equal(typeof row["_stet_elapsed"], "number");
  }
});
