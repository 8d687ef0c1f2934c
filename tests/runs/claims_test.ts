import assert from "node:assert/strict";
import { once as nextEvent } from "node:events";
import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { openEngine } from "../open_engine.ts";
import { filesIn, inWorkshop } from "../workers/worker_process.ts";

const timeout = 60_000;

for (const extension of [".csv", ".json", ".jsonl", ".sqlite"]) {
  test(
    `${extension}: a claim is its thread's until that is terminated`,
    { timeout },
    () =>
      inWorkshop(async ({ folder }) => {
        const store = join(folder, `runs${extension}`);
        const key = keyOf(keyShape(["key"]), { key: "a" });
        const backend = await openEngine(store);
        const thread = new Worker(new URL("../workers/claim_thread.ts", import.meta.url), {
          workerData: { store, key: "a" },
        });
        try {
          assert.deepEqual(await nextEvent(thread, "message"), ["claimed"]);
          assert.equal((await backend.claim(key)).state, "busy");
          await sleep(50);
          assert.equal((await backend.claim(key)).state, "busy");
        } finally {
          await thread.terminate();
        }
        // Deno's terminate() resolves a moment before the thread is gone.
        let { state } = await backend.claim(key);
        for (let n = 0; state === "busy" && n < 200; n++) {
          await sleep(10);
          ({ state } = await backend.claim(key));
        }
        assert.equal(state, "claimed");
        await backend.close();
        assert.deepEqual(filesIn(folder), []);
      }),
  );
}

test("the owner file and the pin of a killed process are deleted", () =>
  inWorkshop(async ({ folder }) => {
    const store = join(folder, "runs.csv");
    const backend = engineOf(await openEngine(store));
    await backend.record({ key: "one" });
    const pin = (age: number): string => `${store}-state-pin-${Date.now() - age}-0123456789abcdef`;
    const fresh = pin(0);
    for (const name of [`${store}-state-0123456789abcdef`, pin(120_000), fresh]) {
      writeFileSync(name, "");
    }
    const key = keyOf(keyShape(["key"]), { key: "two" });
    const answer = await backend.claim(key);
    assert.equal(answer.state, "claimed");
    await backend.close();
    assert.deepEqual(filesIn(folder), ["runs.csv", basename(fresh)]);
  }));
