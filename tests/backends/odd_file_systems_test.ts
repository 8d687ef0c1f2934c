import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { ls, once, status, StoreError } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { pythonVenv } from "../python/python_venv.ts";
import { runtimes } from "../runtimes.ts";
import { whyNoMount } from "../small_disk.ts";
import { type Cleaned, tempFolder } from "../temp_folder.ts";
import { until } from "../until.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";
import { filesIn, inWorkshop } from "../workers/worker_process.ts";

const timeout = 60_000;
const extensions = [".csv", ".json", ".jsonl", ".sqlite", ".parquet", ".arrow"];

for (const [i, extension] of extensions.entries()) {
  test(`${extension}: what a killed process left is read where nothing may be written`, {
    skip: columnarSkips[extension] ?? whyNoMount() ?? false,
    timeout,
  }, () =>
    inWorkshop(async ({ folder, startStoreWorker }) => {
      const store = join(folder, `runs${extension}`);
      const worker = startStoreWorker(runtimes[i % runtimes.length]!);
      for (const key of ["one", "two", "failed", "held"]) await worker.ask("claim", store, key);
      for (const key of ["one", "two"]) await worker.ask("finish", store, key);
      await worker.ask("fail", store, "failed");
      worker.signal("SIGKILL");
      await worker.ended;

      const before = filesIn(folder);
      mount("--bind", folder, folder);
      try {
        mount("-o", "remount,ro,bind", folder);
        const { count, failed } = await status(store, { quiet: true });
        assert.deepEqual({ count, failed }, { count: 2, failed: 1 });
        const rows = await ls(store, { quiet: true });
        assert.deepEqual(rows.map(({ key }) => key), ["one", "two"]);
        const backend = await openEngine(store, { warn: (message) => assert.fail(message) });
        assert.equal(await backend.has({ key: "two" }), true);
        assert.deepEqual((await backend.failures()).map(({ params }) => params), [{
          key: "failed",
        }]);
        assert.deepEqual(await backend.held(), [], "the process that held one is dead");
        await backend.verify();
        await backend.close!();
        const run = once(({ key }: { key: string }) => assert.fail(`it ran ${key}`), {
          store,
          quiet: true,
        });
        assert.equal((await run.outcome({ key: "one" })).status, "skipped");
        await assert.rejects(run({ key: "held" }), (error) => {
          assert(error instanceof StoreError, String(error));
          return error.message.includes(store) && /read-only; make the folder/.test(error.message);
        });
      } finally {
        spawnSync("umount", ["-l", folder]);
      }
      assert.deepEqual(filesIn(folder), before);
    }));
}

function mount(...args: readonly string[]): void {
  const { status, stderr } = spawnSync("mount", args, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
}

for (const extension of extensions) {
  test(`${extension}: a name that is too long for the files next to it is refused before a run`, {
    skip: columnarSkips[extension] ?? false,
  }, async (t) => {
    const folder = tempFolder(t);
    for (let length = 180; length <= 255; length += 3) {
      const store = join(folder, `${"x".repeat(length - extension.length)}${extension}`);
      let runs = 0;
      const run = once((seed: number) => runs++ + seed, { store, quiet: true });
      const error = await run(1).then(() => undefined, (error) => error);
      if (error === undefined) {
        const backend = await openEngine(store);
        assert.equal((await backend.load()).length, 1);
        await backend.close!();
        await run.reset(1);
        continue;
      }
      assert(error instanceof StoreError, String(error));
      assert.match(error.message, /too long.*shorter/);
      assert.equal(runs, 0, `${length} letters`);
      assert.deepEqual(fs.readdirSync(folder).filter((name) => name === basename(store)), []);
    }
  });
}

test("a path that is too long for SQLite is refused before a run, and can be read", async (t) => {
  const folder = join(tempFolder(t), ...Array(5).fill("y".repeat(100)));
  fs.mkdirSync(folder, { recursive: true });
  const store = join(folder, "runs.csv");
  fs.writeFileSync(store, "seed\n1\n");
  const run = once((seed: number) => assert.fail(`it ran ${seed}`), { store, quiet: true });
  assert.equal((await run.outcome(1)).status, "skipped");
  await assert.rejects(run(2), /too long; give the store a shorter name/);
  assert.equal((await status(store, { quiet: true })).count, 1);
});

const whyNoFuse = whyNoMount() ??
  (fs.existsSync("/dev/fuse") ? undefined : "there is no /dev/fuse");
const python = whyNoFuse === undefined
  ? pythonVenv("fuse", "fuse_requirements.txt")
  : { missing: whyNoFuse };
const skip = "missing" in python && python.missing;

/** A folder on a file system of odd_inodes.py. */
async function oddFolder(t: Cleaned, numbers: "changing" | "path"): Promise<string> {
  const [folder, mounted] = [tempFolder(t), tempFolder(t)];
  assert("command" in python);
  const script = fileURLToPath(new URL("../python/odd_inodes.py", import.meta.url));
  const child = spawn(python.command, [script, folder, mounted, numbers], { stdio: "ignore" });
  t.after(() => {
    spawnSync("umount", ["-l", mounted]);
    child.kill("SIGKILL");
  });
  const { dev } = fs.statSync(dirname(mounted));
  await until(() => fs.statSync(mounted).dev !== dev || child.exitCode !== null);
  fs.writeFileSync(join(folder, "done.csv"), "seed\n1\n");
  return mounted;
}

for (const numbers of ["changing", "path"] as const) {
  for (const extension of extensions) {
    test(
      `${extension}: inode numbers that change (${numbers}) are reported before a run, not waited for`,
      {
        skip: columnarSkips[extension] ?? skip,
        timeout,
      },
      async (t) => {
        const folder = await oddFolder(t, numbers);
        const store = join(folder, `runs${extension}`);
        const isTold = (error: unknown): boolean =>
          error instanceof StoreError && error.message.includes(store) &&
          /inode number.*FUSE.*local disk/.test(error.message);
        const run = once((seed: number) => assert.fail(`it ran ${seed}`), { store, quiet: true });
        for (let n = 0; n < 2; n++) await assert.rejects(run(1), isTold);
        assert.deepEqual(fs.readdirSync(folder), ["done.csv"]);
        if (numbers === "path" && extension === ".csv") {
          const done = await ls(join(folder, "done.csv"), { quiet: true });
          assert.deepEqual(done, [{ seed: 1 }]);
        }
      },
    );
  }
}
