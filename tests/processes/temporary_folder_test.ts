import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Store } from "../../mod.ts";
import { runtimes } from "../runtimes.ts";
import { tempFolder } from "../temp_folder.ts";

const timeout = 60_000;
const script = fileURLToPath(new URL("../workers/temporary_folder_worker.ts", import.meta.url));

/** Starts a process that makes a temporary folder; the process, and the folder. */
async function start(
  number: number,
  parent: string,
): Promise<{ readonly child: ChildProcess; readonly folder: string }> {
  const { command, args } = runtimes[number % runtimes.length]!;
  const child = spawn(command, [...args, script], {
    env: { ...process.env, TMPDIR: parent },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const folder = await new Promise<string>((resolve) => {
    let text = "";
    child.stdout!.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      if (text.endsWith("\n")) resolve(text.trim());
    });
  });
  return { child, folder };
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once("exit", () => resolve()));
}

test("a killed process's temporary folder is removed by the next, a living one's is not", {
  timeout,
}, async (t) => {
  const parent = tempFolder(t);
  const killed = await start(0, parent);
  const living = await start(1, parent);
  const isKilled = ended(killed.child);
  process.kill(killed.child.pid!, "SIGKILL"); // Deno's child.kill() may close its input before
  await isKilled;
  assert.ok(existsSync(killed.folder));
  const next = await start(2, parent);
  assert.ok(!existsSync(killed.folder));
  assert.deepEqual(readdirSync(living.folder), ["rows"]);
  for (const { child } of [living, next]) {
    const isEnded = ended(child);
    child.stdin!.end();
    await isEnded;
  }
  assert.deepEqual(readdirSync(parent), []);
});

test("leftovers of a killed run in the results folder are removed by the next run of its store", {
  timeout,
}, async (t) => {
  const folder = tempFolder(t);
  const results = join(folder, "results");
  const runs = join(folder, "runs.sqlite");
  const killed = spawn(runtimes[0]!.command, [
    ...runtimes[0]!.args,
    fileURLToPath(new URL("../workers/records_worker.ts", import.meta.url)),
    ...[runs, folder, "killed", "1", "hang"],
  ], { stdio: "ignore" });
  while (!existsSync(join(folder, "half"))) await new Promise((done) => setTimeout(done, 5));
  const isEnded = ended(killed);
  process.kill(killed.pid!, "SIGKILL");
  await isEnded;
  assert.ok(readdirSync(results).some((name) => name.includes(".partial-")));
  const store = new Store({
    runner: ({ resultFile }) => writeFileSync(resultFile, "whole"),
    store: runs,
    resultsDir: results,
    fileSuffix: ".csv",
    columns: { n: "integer", dt: "real" },
  });
  await store.runOrRetrieve({ n: 7, dt: 0.25 });
  await store.close();
  assert.equal(readdirSync(results).length, 1);
});
