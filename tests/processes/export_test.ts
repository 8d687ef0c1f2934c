import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { exportStore, openBackend, type Row, verify } from "../../mod.ts";
import { type Runtime, runtimes } from "../runtimes.ts";
import { cli, type CliProcess, startCli } from "../workers/cli_process.ts";
import { filesIn, inWorkshop } from "../workers/worker_process.ts";

/** Formats that are written row by row. */
const plain = [".csv", ".json", ".jsonl", ".sqlite"];

async function makeStore(store: string, rows: readonly Row[]): Promise<void> {
  const backend = await openBackend(store, { durability: "process" });
  for (const row of rows) await backend.record(row);
  await backend.close();
}

async function rowsIn(store: string): Promise<Row[]> {
  const backend = await openBackend(store);
  const rows = await backend.load();
  await backend.close();
  return rows;
}

/** Writes a CSV file with so many rows. */
function makeLong(store: string, rows: number): void {
  const lines = Array.from({ length: rows }, (_, i) => `0.5,${i},a\n`);
  fs.writeFileSync(store, `alpha,seed,model\n${lines.join("")}`);
}

/** Starts an export, and resolves once it is writing. */
async function startExport(
  runtime: Runtime,
  folder: string,
  ...args: readonly string[]
): Promise<CliProcess> {
  const started = startCli(runtime, folder, "export", ...args);
  let isOver = false;
  void started.ended.then(() => isOver = true);
  while (!isOver && !filesIn(folder).some((name) => name.startsWith(".stet-"))) await sleep(1);
  return started;
}

test("an export that is killed leaves an older file as it was; the next one cleans up", () =>
  inWorkshop(async ({ folder }) => {
    const from = join(folder, "runs.csv");
    makeLong(from, 100_000);
    for (const [i, runtime] of [...runtimes, ...runtimes].entries()) {
      const to = join(folder, `out${plain[i % plain.length]}`);
      await makeStore(to, [{ old: true }]);
      const cli = await startExport(runtime, folder, "runs.csv", "-o", to, "--force");
      await sleep(10 * i);
      cli.signal("SIGKILL");
      if (await cli.ended === "SIGKILL") { // else it was quicker
        assert.deepEqual((await rowsIn(to)).map(({ old }) => old), [true]);
        assert.notDeepEqual(filesIn(folder).filter((name) => name.startsWith(".")), []);
      }
      await exportStore(from, to, { force: true, where: "seed < 3" });
      assert.equal((await rowsIn(to)).length, 3);
      fs.rmSync(to);
      assert.deepEqual(filesIn(folder), ["runs.csv"]);
    }
  }));

test("an export that adds to a store and is killed has added the first rows, and no half one", () =>
  inWorkshop(async ({ folder }) => {
    makeLong(join(folder, "runs.csv"), 100_000);
    for (const [i, runtime] of runtimes.entries()) {
      for (const format of plain) {
        const to = join(folder, `out${i}${format}`);
        await makeStore(to, [{ alpha: 0, seed: -1, model: "b" }]);
        const cli = startCli(runtime, folder, "export", "runs.csv", "-o", to, "--append");
        const size = (): number => {
          const log = fs.statSync(`${to}-wal`, { throwIfNoEntry: false })?.size ?? 0;
          return fs.statSync(to).size + log;
        };
        const before = size();
        let ending: unknown;
        void cli.ended.then((code) => ending = code);
        // More than one transaction of SQLite, whose rows count once it has ended.
        const some = format === ".sqlite" ? 1_000_000 : 200_000;
        while (ending === undefined && size() < before + some) await sleep(1);
        if (ending === undefined) cli.signal("SIGKILL");
        assert.ok(["SIGKILL", 0].includes(await cli.ended), cli.err); // it may have been quicker
        await verify(to, { repair: true });
        assert.deepEqual(await verify(to), []);
        const seeds = (await rowsIn(to)).map(({ seed }) => Number(seed));
        assert(seeds.length > 100, `${seeds.length} rows`);
        assert.deepEqual(seeds, seeds.map((_, n) => n - 1));
        assert.deepEqual(filesIn(folder).filter((name) => !/^runs|\.torn$/.test(name)), [
          `out${i}${format}`,
        ]);
        fs.rmSync(to);
      }
    }
  }));

test("an interrupted export leaves an older file as it was, and no other file", () =>
  inWorkshop(async ({ folder }) => {
    makeLong(join(folder, "runs.csv"), 300_000);
    for (const runtime of runtimes) {
      const cli = await startExport(runtime, folder, "runs.csv", "-o", "out.jsonl");
      cli.signal("SIGINT");
      assert.equal(await cli.ended, 130, `${runtime.name}: ${cli.err}`);
      assert.deepEqual(filesIn(folder), ["runs.csv"], runtime.name);
    }
  }));

test("stet export prints CSV, JSON and NDJSON", () =>
  inWorkshop(async ({ folder }) => {
    await makeStore(join(folder, "runs.csv"), [
      { a: 1, model: "1", x: NaN },
      { a: 2, model: 'b "c", d' },
    ]);
    for (const runtime of runtimes) {
      const print = async (format: string): Promise<string> => {
        const columns = ["--columns", "a,model,x"];
        const started = startCli(
          runtime,
          folder,
          "export",
          "runs.csv",
          "--format",
          format,
          ...columns,
        );
        assert.equal(await started.ended, 0, started.err);
        return started.out;
      };
      assert.equal(await print("csv"), 'a,model,x\n1,"""1""",nan\n2,"b ""c"", d",\n');
      const objects = [{ a: 1, model: "1", x: "nan" }, { a: 2, model: 'b "c", d' }];
      assert.deepEqual(JSON.parse(await print("json")), objects);
      const lines = (await print("ndjson")).trim().split("\n");
      assert.deepEqual(lines.map((line) => JSON.parse(line)), objects);
    }
  }));

test("stet export ends without an error when the reader of its output closes the pipe", () =>
  inWorkshop(async ({ folder }) => {
    makeLong(join(folder, "runs.csv"), 100_000);
    for (const { name, command, args } of runtimes) {
      const child = spawn(command, [...args, cli, "export", "runs.csv", "--format", "csv"], {
        cwd: folder,
      });
      let err = "";
      child.stderr.on("data", (piece) => void (err += piece));
      child.stdout.once("data", () => child.stdout.destroy());
      const code = await new Promise((resolve) => child.once("exit", resolve));
      assert.deepEqual([code, err], [0, ""], name);
    }
  }));
