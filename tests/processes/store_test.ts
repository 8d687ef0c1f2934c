import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Store } from "../../mod.ts";
import { missing, runtimes } from "../runtimes.ts";
import { inWorkshop } from "../workers/worker_process.ts";

const timeout = 120_000;
const COUNT = 60;
const WORKER = "records_worker.ts";

/** Which run each line of the log was of. */
function runsIn(folder: string): number[] {
  const lines = fs.readFileSync(path.join(folder, "log"), "utf8").trim().split("\n");
  return lines.map((line) => Number(line.split(" ")[1]));
}

async function fileAppears(file: string): Promise<void> {
  while (!fs.existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 5));
}

for (const name of ["db.sqlite3", "db.csv"]) {
  test(`${name}: processes of all runtimes share a Store, each run is done once`, {
    timeout,
    skip: runtimes.length < 2 && missing.join("; "),
  }, () =>
    inWorkshop(async ({ folder, start }) => {
      const location = path.join(folder, name);
      const workers = runtimes.map((runtime) =>
        start(runtime, WORKER, [location, folder, runtime.name, `${COUNT}`])
      );
      for (const { ended } of workers) assert.equal(await ended, 0);
      assert.deepEqual(
        runsIn(folder).sort((a, b) => a - b),
        Array.from({ length: COUNT }, (_, n) => n),
      );
      const [first, ...others] = runtimes.map((runtime) =>
        JSON.parse(fs.readFileSync(path.join(folder, `${runtime.name}.json`), "utf8"))
      );
      for (const records of others) assert.deepEqual(records, first);
      assert.deepEqual(first.map(({ n }: { n: number }) => n), [...new Array(COUNT).keys()]);
      for (const { n, resultFile } of first) {
        assert.equal(fs.readFileSync(resultFile, "utf8"), `whole ${n}`);
      }
      assert.equal(fs.readdirSync(path.join(folder, "results")).length, COUNT);
    }));

  for (const [i, runtime] of runtimes.entries()) {
    const heirs = runtimes[(i + 1) % runtimes.length]!;

    test(
      `${name}: a killed run on ${runtime.name} leaves no record, and a waiting process takes over`,
      { timeout },
      () =>
        inWorkshop(async ({ folder, start }) => {
          const location = path.join(folder, name);
          const killed = start(runtime, WORKER, [location, folder, "killed", "1", "hang"]);
          await fileAppears(path.join(folder, "half"));
          const heir = start(heirs, WORKER, [location, folder, "heir", "3"]);
          while (!runsIn(folder).includes(2)) {
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
          assert.deepEqual(runsIn(folder).filter((n) => n === 0), [0]); // it waits
          killed.signal("SIGKILL");
          assert.equal(await heir.ended, 0);
          assert.deepEqual(runsIn(folder), [0, 1, 2, 0]);
          const records = JSON.parse(fs.readFileSync(path.join(folder, "heir.json"), "utf8"));
          assert.equal(fs.readFileSync(records[0].resultFile, "utf8"), "whole 0");
          assert.equal(fs.readdirSync(path.join(folder, "results")).length, 3); // nothing of the killed
        }),
    );

    test(
      `${name}: a killed re-run on ${runtime.name} keeps the older record and its file`,
      { timeout },
      () =>
        inWorkshop(async ({ folder, start }) => {
          const location = path.join(folder, name);
          const store = new Store({
            runner: ({ resultFile }) => fs.writeFileSync(resultFile, "older"),
            store: location,
            resultsDir: path.join(folder, "results"),
            fileSuffix: ".csv",
            columns: { n: "integer", dt: "real" },
            warn: () => {},
          });
          const params = { n: 0, dt: 0.5 };
          const older = await store.run(params);
          // Its file is moved away for a moment, so that the other process runs it again.
          fs.renameSync(older.resultFile, `${older.resultFile}.away`);
          const killed = start(runtime, WORKER, [location, folder, "killed", "1", "hang"], {
            stderr: "ignore", // it tells that the file is gone
          });
          await fileAppears(path.join(folder, "half"));
          fs.renameSync(`${older.resultFile}.away`, older.resultFile);
          killed.signal("SIGKILL");
          await killed.ended;
          assert.deepEqual(await store.retrieve(params), older);
          assert.equal(fs.readFileSync(older.resultFile, "utf8"), "older");
          await store.close();
        }),
    );

    test(
      `${name}: an ingest() on ${runtime.name} that is killed again and again loses nothing`,
      { timeout },
      () =>
        inWorkshop(async ({ folder, start }) => {
          const location = path.join(folder, name);
          const resultsDir = path.join(folder, "results");
          const far = new Store({
            runner: ({ n, resultFile }) => fs.writeFileSync(resultFile, `${n}`),
            store: ":memory:",
            resultsDir,
            columns: { n: "integer" },
            resultNotes: true,
            durability: "process",
          });
          const all = Array.from({ length: 150 }, (_, n) => ({ n }));
          await far.sweep(all, { handleSignals: false });
          const notes = (): number =>
            fs.readdirSync(resultsDir).filter((n) => /json$/.test(n)).length;
          for (const left of [140, 100, 50]) {
            const worker = start(runtime, "ingest_worker.ts", [location, resultsDir]);
            while (notes() > left) await new Promise((resolve) => setTimeout(resolve, 1));
            worker.signal("SIGKILL");
            await worker.ended;
          }
          assert.equal(
            await start(runtime, "ingest_worker.ts", [location, resultsDir]).ended,
            0,
          );
          assert.equal(notes(), 0);
          const store = new Store({
            runner: () => {},
            store: location,
            resultsDir,
            columns: { n: "integer" },
          });
          const numbers = (await Array.fromAsync(store.find())).map(({ n }) => n);
          assert.deepEqual(numbers.sort((a, b) => a - b), all.map(({ n }) => n));
          await store.close();
        }),
    );
  }
}
