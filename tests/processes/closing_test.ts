import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { rounds } from "../rounds.ts";
import { runtimes } from "../runtimes.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";
import { filesIn, inWorkshop, type StoreWorker } from "../workers/worker_process.ts";

const timeout = 600_000;

/** Rounds of each pair of runtimes; thousands of them show a rare race. */
const ROUNDS = rounds(12);

for (const extension of [".csv", ".sqlite", ".parquet", ".arrow"]) {
  const skip = columnarSkips[extension];
  test(`${extension}: two processes that close a store at the same moment leave only the store`, {
    skip: skip ?? false,
    timeout,
  }, () =>
    inWorkshop(async ({ folder, startStoreWorker }) => {
      const workers = runtimes.map((runtime) => startStoreWorker(runtime));
      for (const [i, a] of workers.entries()) {
        const b = workers[(i + 1) % workers.length]!;
        for (let round = 0; round < ROUNDS; round++) {
          const name = `${i}-${round}${extension}`;
          const store = join(folder, name);
          await a.ask("claim", store, "first");
          await a.ask("finish", store, "first");
          await a.ask("claim", store, "held");
          await b.ask("claim", store, "second");
          await Promise.all([
            endAndClose(a, store, "held", 4 * Math.random() - 2),
            endAndClose(b, store, "second", 4 * Math.random() - 2),
          ]);
          assert.deepEqual(filesIn(folder), [name], `round ${round}`);
          assert.equal((await a.ask("load", store)).length, 3);
          await a.ask("close", store);
          assert.deepEqual(filesIn(folder), [name], `round ${round}`);
          rmSync(store);
        }
      }
    }));
}

/** Ends a claim and closes the store, each at once or after a pause (ms). */
async function endAndClose(
  worker: StoreWorker,
  store: string,
  key: string,
  pause: number,
): Promise<void> {
  await worker.ask("finish", store, key);
  if (pause > 0) await sleep(pause);
  await worker.ask("close", store);
}
