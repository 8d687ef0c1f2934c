import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { HttpBackend } from "../../backends/http/http.ts";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { openBackend } from "../../mod.ts";
import { rounds } from "../rounds.ts";
import { runtimes } from "../runtimes.ts";
import { tempStore } from "../temp_folder.ts";
import { type SidecarProcess, startSidecar } from "../workers/sidecar_process.ts";

/** Clients, and keys of each. */
const clients = 8, keys = rounds(25);

const shape = keyShape(["seed"]);

/** What clients do: each goes through all keys of all clients, from a place of its own. */
async function work(url: string, first: number, acknowledged: Set<number>): Promise<void> {
  const backend = engineOf(new HttpBackend(url));
  const all = clients * keys;
  for (let n = 0; n < all; n++) {
    const seed = (first + n) % all;
    const answer = await backend.claim(keyOf(shape, { seed }));
    if (answer.state !== "claimed") continue;
    await answer.claim.record({ seed, "result.square": seed * seed });
    assert.ok(!acknowledged.has(seed), `seed ${seed} was recorded twice`);
    acknowledged.add(seed);
  }
  await backend.close();
}

for (const runtime of runtimes) {
  test(`each key of ${clients} clients is recorded once when a sidecar on ${runtime.name} is killed twice`, async (t) => {
    const store = tempStore(t);
    const args = [store, "--durability", "process"];
    let sidecar: SidecarProcess = await startSidecar(runtime, [...args, "--port", "0"]);
    const { port } = new URL(sidecar.url);
    const acknowledged = new Set<number>();
    const working = Promise.all(
      Array.from({ length: clients }, (_, i) => work(sidecar.url, i * keys, acknowledged)),
    );
    const all = clients * keys;
    for (const share of [1 / 4, 1 / 2]) {
      while (acknowledged.size < all * share) await Promise.race([sleep(1), working]);
      await sidecar.end("SIGKILL");
      sidecar = await startSidecar(runtime, [...args, "--port", port]);
    }
    await working;
    assert.equal(acknowledged.size, all, "every key was acknowledged");
    assert.equal(await sidecar.end("SIGTERM"), 0);

    const backend = await openBackend(store);
    const rows = await backend.load();
    await backend.close();
    const seeds = rows.map(({ seed }) => Number(seed)).sort((a, b) => a - b);
    assert.deepEqual(seeds, Array.from({ length: all }, (_, seed) => seed));
    for (const row of rows) assert.equal(row["result.square"], Number(row["seed"]) ** 2);
  });
}
