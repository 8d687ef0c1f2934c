import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { runtimes } from "../runtimes.ts";
import { filesIn, inWorkshop, type StoreWorker } from "../workers/worker_process.ts";

const timeout = 60_000;

for (const extension of [".csv", ".json", ".jsonl", ".sqlite"]) {
  test(
    `${extension}: a claim is its process's until that dies, running or stopped`,
    { timeout },
    () =>
      inWorkshop(async ({ folder, startStoreWorker }) => {
        const askers = runtimes.map((runtime) => startStoreWorker(runtime));
        for (const holding of runtimes) {
          await Promise.all(askers.map(async (asker, i) => {
            const pair = `${holding.name} holds, ${runtimes[i]!.name} asks`;
            const store = join(folder, `${holding.name}-${i}${extension}`);
            const ask = (): Promise<{ state: string }> => asker.ask("claim", store, "a");
            const holder = startStoreWorker(holding);
            const busy = { state: "busy", holder: `process ${holder.pid}` };
            void holder.ask("run", store, "a").catch(() => {}); // it will be killed
            await holder.began("a");
            assert.deepEqual(await ask(), busy, pair);
            holder.signal("SIGSTOP");
            for (let n = 0; n < 3; n++) {
              await sleep(50);
              assert.deepEqual(await ask(), busy, `${pair}: stopped`);
            }
            holder.signal("SIGCONT");
            assert.deepEqual(await ask(), busy, `${pair}: continued`);
            holder.signal("SIGKILL");
            await holder.ended;
            assert.deepEqual(await ask(), { state: "claimed" }, `${pair}: killed`);
          }));
        }
        await Promise.all(askers.map((asker) => asker.leave()));
        assert.deepEqual(filesIn(folder), [], "who holds claims only leaves nothing");
      }),
  );

  test(
    `${extension}: a lease outlives the process that made it, and goes when its time is over`,
    { timeout },
    () =>
      inWorkshop(async ({ folder, startStoreWorker }) => {
        const store = join(folder, `runs${extension}`);
        const asker = startStoreWorker(runtimes[0]!);
        for (const runtime of runtimes) {
          const key = runtime.name;
          const holder = startStoreWorker(runtime);
          assert.equal(await holder.ask("lease", store, key, `of-${key}`, 60_000), "claimed");
          holder.signal("SIGKILL");
          await holder.ended;
          assert.equal(await asker.ask("lease", store, key, "another", 60_000), "busy");
          const again = startStoreWorker(runtime);
          assert.equal(await again.ask("lease", store, key, `of-${key}`, 60_000), "claimed");
          await again.ask("finish", store, key);
          await again.leave();
          assert.equal(await asker.ask("lease", store, key, "another", 60_000), "done");
        }
        assert.equal(await asker.ask("lease", store, "late", "another", 5), "claimed");
        await sleep(20);
        await asker.leave();
        assert.deepEqual(filesIn(folder), [`runs${extension}`], "no lease is left to remember");
      }),
  );

  test(
    `${extension}: once() with save gives what another process returned`,
    { timeout },
    () =>
      inWorkshop(async ({ folder, startStoreWorker }) => {
        const store = join(folder, `runs${extension}`);
        await inPairs(runtimes.map((runtime) => startStoreWorker(runtime)), async (a, b, key) => {
          const first = a.ask("run", store, key);
          await a.began(key);
          const second = b.ask("run", store, key);
          await sleep(50);
          await a.ask("end", key, "a");
          assert.deepEqual(await first, { by: "a" });
          assert.deepEqual(await second, { by: "a" });
          assert.ok(!b.runs.includes(key), "the process that waited has run nothing");
        });
      }),
  );

  test(
    `${extension}: once() with save takes over from a process that was killed`,
    { timeout },
    () =>
      inWorkshop(async ({ folder, startStoreWorker }) => {
        const store = join(folder, `runs${extension}`);
        const takers = runtimes.map((runtime) => startStoreWorker(runtime));
        const victims = runtimes.map((runtime) => startStoreWorker(runtime));
        await Promise.all(victims.map(async (victim, i) => {
          const taker = takers[(i + 1) % takers.length]!;
          const key = String(i);
          victim.ask("run", store, key).catch(() => {}); // it will be killed
          await victim.began(key);
          const value = taker.ask("run", store, key);
          await sleep(50);
          assert.ok(!taker.runs.includes(key), "while the other lives, nothing runs");
          victim.signal("SIGKILL");
          await taker.began(key);
          await taker.ask("end", key, "taker");
          assert.deepEqual(await value, { by: "taker" });
        }));
        await Promise.all(takers.map((taker) => taker.leave()));
        assert.deepEqual(filesIn(folder), [`runs${extension}`]);
      }),
  );
}

/** Runs a check for every ordered pair of different workers, or of the only one and itself. */
async function inPairs(
  workers: readonly StoreWorker[],
  check: (a: StoreWorker, b: StoreWorker, key: string) => Promise<void>,
): Promise<void> {
  for (const [i, a] of workers.entries()) {
    for (const [j, b] of workers.entries()) if (i !== j) await check(a, b, `${i} ${j}`);
  }
}
