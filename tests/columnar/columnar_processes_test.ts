import assert from "node:assert/strict";
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Row } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { rounds } from "../rounds.ts";
import { runtimes } from "../runtimes.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";
import { filesIn, inWorkshop } from "../workers/worker_process.ts";

const timeout = 120_000;
/** Number of reads. Without the descriptor one in 200 failed. */
const READS = rounds(400);
/** Number of files that the reads see at least. */
const MIN_FILES = 6;

/** Checks that the rows of merge_worker.ts are those of one moment: of each process some that follow. */
function checkMoment(rows: readonly Row[]): void {
  const next = new Map<unknown, number>();
  for (const { by, n } of rows) {
    const expected = next.get(by) ?? Number(n);
    assert.equal(n, expected, `${by}: row ${n} comes where ${expected} should`);
    next.set(by, expected + 1);
  }
}

for (const extension of [".parquet", ".arrow", ".arrows"]) {
  const skip = columnarSkips[extension]!;

  test(`${extension}: reads are whole while other processes merge all the time`, {
    skip,
    timeout,
  }, () =>
    inWorkshop(async ({ folder, start }) => {
      const store = join(folder, `runs${extension}`);
      const logs = [0, 1].map((i) => join(folder, `log ${i}`));
      const workers = logs.map((log, i) => {
        writeFileSync(log, "");
        const args = [store, log, `process ${i}`, `${timeout}`];
        return start(runtimes[i % runtimes.length]!, "merge_worker.ts", args);
      });
      while (!existsSync(store) || logs.some((log) => statSync(log).size === 0)) await sleep(1);
      const kept = await openEngine(store, { durability: "process" });
      // By their times: numbers of inodes are used again, and Deno gives ctime in whole seconds.
      const files = new Set<number>();
      let reads = 0;
      for (; reads < READS || files.size < MIN_FILES; reads++) {
        files.add(statSync(store).mtimeMs);
        checkMoment(await kept.load());
        assert.equal(await kept.has({ by: "nobody" }), false);
      }
      await kept.close();
      for (const worker of workers) {
        worker.signal("SIGKILL");
        await worker.ended;
      }
    }));

  test(`${extension}: a reader leaves nothing, and no descriptor open`, {
    skip: skip || !existsSync("/proc/self/fd") && "no /proc",
    timeout,
  }, () =>
    inWorkshop(async ({ folder }) => {
      const store = join(folder, `runs${extension}`);
      const openOnes = (): number => readdirSync("/proc/self/fd").length;
      const read = async (seed: number): Promise<void> => {
        const backend = await openEngine(store, { durability: "process" });
        await backend.record({ seed });
        assert.equal((await backend.load()).length, seed + 1);
        for await (const _ of backend.rows()) break; // not to its end
        await backend.close();
      };
      await read(0);
      await read(1);
      const before = openOnes();
      for (let seed = 2; seed < 12; seed++) await read(seed);
      assert.ok(openOnes() <= before + 2, `${before} and then ${openOnes()} descriptors`);
      assert.deepEqual(filesIn(folder), [`runs${extension}`]);
    }));
}
