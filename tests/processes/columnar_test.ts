import assert from "node:assert/strict";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openBackend } from "../../mod.ts";
import { runtimes } from "../runtimes.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";
import { independentRows } from "../workers/independent_rows.ts";
import { filesIn, inWorkshop } from "../workers/worker_process.ts";

const timeout = 120_000;

for (const extension of [".parquet", ".arrow", ".arrows"]) {
  const skip = columnarSkips[extension]!;

  test(`${extension}: of processes that share a store, the last one to leave merges`, {
    skip,
    timeout,
  }, () =>
    inWorkshop(async ({ folder, startStoreWorker }) => {
      const store = join(folder, `runs${extension}`);
      const workers = runtimes.map((runtime) => startStoreWorker(runtime));
      for (const [i, worker] of workers.entries()) {
        await worker.ask("claim", store, `row ${i}`);
        await worker.ask("finish", store, `row ${i}`);
      }
      for (const [i, worker] of workers.entries()) {
        await worker.leave();
        const isLast = i === workers.length - 1;
        assert.equal(existsSync(`${store}.pending.jsonl`), !isLast);
        assert.equal(existsSync(store), isLast);
      }
      assert.equal((await independentRows(store)).length, workers.length);
    }));

  // The stream is the same engine.
  for (const runtime of extension === ".arrows" ? [] : runtimes) {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      for (const way of ["that records", "that sweeps"]) {
        test(`${extension}: no row of a ${runtime.name} process ${way} is lost to ${signal}`, {
          skip,
          timeout,
        }, () =>
          inWorkshop(async ({ folder, start }) => {
            const store = join(folder, `runs${extension}`);
            const log = join(folder, "log");
            writeFileSync(log, "");
            const args = [store, log, ...way === "that sweeps" ? [way] : []];
            const worker = start(runtime, "recording_worker.ts", args, { stderr: "ignore" });
            while (statSync(log).size < 20) await sleep(1);
            worker.signal(signal);
            assert.notEqual(await worker.ended, 0);
            const acknowledged = statSync(log).size;
            const check = async (): Promise<void> => {
              const numbers = (await independentRows(store)).map(({ n }) => Number(n));
              const count = Math.max(acknowledged, numbers.length);
              assert.ok(count <= acknowledged + 1, `${count} rows of ${acknowledged}`);
              assert.deepEqual(numbers, Array.from({ length: count }, (_, n) => n));
            };
            await check();
            await (await openBackend(store, { warn: () => {} })).close();
            assert.deepEqual(filesIn(folder), ["log", `runs${extension}`]);
            await check();
          }));
      }
    }
  }
}
