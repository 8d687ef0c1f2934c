import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Claim } from "../../core/contract/backend.ts";
import type { Engine } from "../../core/contract/engine.ts";
import { type Key, keyOf, keyShape } from "../../core/keys/key.ts";
import { VERSION } from "../../core/runtime/version.ts";
import { LostClaimError } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { rounds } from "../rounds.ts";
import { startPooler } from "./pooler.ts";
import { poolerSkip, postgresSkip } from "./programs.ts";
import { startProxy } from "./proxy.ts";
import { sharedServer } from "./shared_server.ts";

const timeout = 300_000;
const CLAIMANTS = 16;
const KEYS = 1000;
/** Rounds of all keys: 50 in a soak. */
const ROUNDS = rounds(1) > 1 ? 50 : 3;
/** Number of requests of a claimant at a time. */
const CONCURRENCY = 64;

const shape = keyShape(["round", "n"]);
const warn = (message: string): never => assert.fail(message);

/** Returns the numbers below a count in random order. */
function shuffled(count: number): number[] {
  return Array.from({ length: count }, (_, n) => ({ n, at: Math.random() }))
    .sort((a, b) => a.at - b.at).map(({ n }) => n);
}

/** Claims a key, and records it if it was free. Returns true then. */
async function claimAndRecord(engine: Engine, key: Key): Promise<boolean> {
  const answer = await engine.claim(key);
  if (answer.state !== "claimed") return false;
  await answer.claim.record({ ...key.values });
  return true;
}

/** Runs a body for each item, so many at a time. */
async function forEach<T>(
  items: readonly T[],
  concurrency: number,
  body: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  await Promise.all(Array.from({ length: concurrency }, async () => {
    for (const item of left) await body(item);
  }));
}

/** Returns the claim of a key that is free. */
async function claimed(engine: Engine, key: Key): Promise<Claim> {
  const answer = await engine.claim(key);
  assert.equal(answer.state, "claimed");
  return (answer as Extract<typeof answer, { state: "claimed" }>).claim;
}

test(
  `of ${CLAIMANTS} claimants one gets each of ${KEYS} keys, while others record`,
  { timeout, skip: postgresSkip },
  async () => {
    const server = await sharedServer();
    const store = server.url({ params: { table: "contested", pool: 2 } });
    const engines = await Promise.all(
      Array.from({ length: CLAIMANTS }, () => openEngine(store, { warn })),
    );
    for (let round = 0; round < ROUNDS; round++) {
      const winners = new Map<number, number>();
      await Promise.all(engines.map((engine) =>
        forEach(shuffled(KEYS), CONCURRENCY, async (n) => {
          if (await claimAndRecord(engine, keyOf(shape, { round, n }))) {
            winners.set(n, (winners.get(n) ?? 0) + 1);
          }
        })
      ));
      assert.deepEqual([...winners].filter(([, times]) => times > 1), [], `round ${round}`);
      assert.equal(winners.size, KEYS);
    }
    const rows = await engines[0]!.load();
    assert.equal(rows.length, ROUNDS * KEYS);
    await Promise.all(engines.map((engine) => engine.close()));
  },
);

for (const mode of ["session", "lease"] as const) {
  test(
    `claims=${mode}: a claim is lost when its owner is cut off for longer than the lease; its late record is refused`,
    { timeout, skip: postgresSkip },
    async () => {
      const server = await sharedServer();
      const proxy = await startProxy(server.port);
      const params = { table: `late ${mode}`, claims: mode, lease_seconds: 2 };
      const late = await openEngine(server.url({ port: proxy.port, params }), { warn: () => {} });
      const key = keyOf(keyShape(["seed"]), { seed: 1 });
      const claim = await claimed(late, key);
      const sql = await server.connect();
      const sessions = await sql.query(
        "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'stet %'",
      );
      const other = await openEngine(server.url({ params }), { warn });
      assert.equal((await other.claim(key)).state, "busy");
      proxy.cut();
      // The server notices a peer that is gone. It sees the proxy, which is there.
      for (const { pid } of sessions) await sql.query("SELECT pg_terminate_backend($1)", [pid]);
      await sql.close();
      let answer = await other.claim(key);
      for (; answer.state === "busy"; answer = await other.claim(key)) await sleep(200);
      assert.equal(answer.state, "claimed");
      if (answer.state === "claimed") await answer.claim.record({ seed: 1, result: "newer" });
      proxy.heal();
      await assert.rejects(async () => await claim.record({ seed: 1, result: "late" }), (error) => {
        return error instanceof LostClaimError;
      });
      assert.deepEqual((await other.load()).map(({ result }) => result), ["newer"]);
      await late.close();
      await other.close();
      await proxy.close();
    },
  );

  test(
    `claims=${mode}: a claim survives a cut that is shorter than the lease`,
    { timeout, skip: postgresSkip },
    async () => {
      const server = await sharedServer();
      const proxy = await startProxy(server.port);
      const params = { table: `short ${mode}`, claims: mode, lease_seconds: 6 };
      const engine = await openEngine(server.url({ port: proxy.port, params }), { warn: () => {} });
      const other = await openEngine(server.url({ params }), { warn });
      const key = keyOf(keyShape(["seed"]), { seed: 1 });
      const claim = await claimed(engine, key);
      const version = mode === "session" ? VERSION : undefined; // behind a pooler it is not known
      assert.deepEqual((await other.held()).map((held) => held.version), [version]);
      proxy.cut();
      for (let i = 0; i < 12; i++) {
        await sleep(250);
        assert.equal((await other.claim(key)).state, "busy");
      }
      proxy.heal();
      await claim.record({ seed: 1, result: "kept" });
      assert.deepEqual((await other.load()).map(({ result }) => result), ["kept"]);
      await engine.close();
      await other.close();
      await proxy.close();
    },
  );
}

test(
  "a claim and a record whose answer is lost with the connection have happened once",
  { timeout, skip: postgresSkip },
  async () => {
    const server = await sharedServer();
    const proxy = await startProxy(server.port);
    const params = { table: "in doubt", lease_seconds: 5 };
    const engine = await openEngine(server.url({ port: proxy.port, params }), { warn: () => {} });
    const seeds = Array.from({ length: 12 }, (_, seed) => seed);
    for (const seed of seeds) {
      if (seed % 3 !== 1) proxy.loseAnswer();
      const claim = await claimed(engine, keyOf(keyShape(["seed"]), { seed }));
      if (seed % 3 !== 0) proxy.loseAnswer();
      await claim.record({ seed });
      assert.equal((await engine.claim(keyOf(keyShape(["seed"]), { seed }))).state, "done");
    }
    assert.deepEqual((await engine.load()).map(({ seed }) => seed), seeds);
    assert.deepEqual([...await engine.held()], []);
    await engine.close();
    await proxy.close();
  },
);

test(
  "a claim of a process that was closed is free at once",
  { timeout, skip: postgresSkip },
  async () => {
    const server = await sharedServer();
    const store = server.url({ params: { table: "closed" } });
    const [one, other] = [await openEngine(store, { warn }), await openEngine(store, { warn })];
    const key = keyOf(keyShape(["seed"]), { seed: 1 });
    await claimed(one, key);
    await one.close();
    await (await claimed(other, key)).release();
    await other.close();
  },
);

test(
  "a pooler in transaction mode is detected: the lease alone holds claims, said once",
  { timeout, skip: poolerSkip },
  async () => {
    const server = await sharedServer();
    const pooler = await startPooler(server);
    const messages: string[] = [];
    const store = server.url({ port: pooler.port, params: { table: "pooled", lease_seconds: 2 } });
    const engine = await openEngine(store, { warn: (message) => messages.push(message) });
    const key = keyOf(keyShape(["seed"]), { seed: 1 });
    await (await claimed(engine, key)).record({ seed: 1 });
    const claim = await claimed(engine, keyOf(keyShape(["seed"]), { seed: 2 }));
    assert.equal(messages.length, 1, messages.join("\n"));
    assert.match(messages[0]!, /pooler/);
    await claim.release();
    await engine.close();
    const sql = await server.connect();
    assert.deepEqual(await sql.query("SELECT * FROM pg_locks WHERE locktype = 'advisory'"), []);
    await sql.close();
    await pooler.end();
  },
);
