import assert from "node:assert/strict";
import { test } from "node:test";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { expandGrid, once, status, sweep } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { postgresSkip } from "./programs.ts";
import { sharedServer } from "./shared_server.ts";

const options = { skip: postgresSkip, timeout: 120_000 };
const warn = (message: string): never => assert.fail(message);
const key = keyOf(keyShape(["n"]), { n: 1 });

test("sweeps note their plans in the database, one for each namespace", options, async () => {
  const server = await sharedServer();
  const url = server.url({ params: { table: "plans" } });
  const work = (namespace: string) =>
    once(({ a, b }: { a: number; b: number }) => a * b, {
      store: url,
      namespace,
      quiet: true,
      name: "work",
    });
  await Promise.all(
    ["one", "two"].map((name) =>
      sweep(work(name), expandGrid({ a: [1, 2], b: [1, 2, 3] }), { handleSignals: false })
    ),
  );
  await sweep(work("one"), [{ a: 1, b: 1 }]);
  const engine = await openEngine(url, { warn });
  const plans = await engine.plans();
  assert.deepEqual(plans.map(({ namespace, count }) => [namespace, count]), [
    ["one", 6],
    ["two", 6],
  ]);
  await engine.close();
  const { planned, running } = await status(url, { quiet: true });
  assert.deepEqual([planned!.count, planned!.done, running], [12, 12, []]);
});

test("held() has the time of a claim, which renewals of a lease keep", options, async () => {
  const server = await sharedServer();
  const engine = await openEngine(server.url({ params: { table: "claim_times" } }), { warn });
  const lease = (token: string, seconds: number) => ({
    lease: { token, until: Date.now() + seconds * 1000 },
  });
  const own = await engine.claim(key);
  assert(own.state === "claimed");
  const since = (await engine.held())[0]!.since!;
  assert(Math.abs(Date.parse(since) - Date.now()) < 60_000, since);
  await own.claim.release();
  assert.equal((await engine.claim(key, lease("a", 60))).state, "claimed");
  const leased = (await engine.held())[0]!.since!;
  assert.equal((await engine.claim(key, lease("a", 0.001))).state, "claimed");
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(await engine.held(), []);
  assert.equal((await engine.claim(key, lease("a", 60))).state, "claimed");
  assert.equal((await engine.held())[0]!.since, leased);
  assert.equal((await engine.claim(key, lease("a", 0.001))).state, "claimed");
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal((await engine.claim(key, lease("b", 60))).state, "claimed");
  assert((await engine.held())[0]!.since! > leased);
  await engine.close();
});

test("claims in a table of an earlier version get a time from then on", options, async () => {
  const server = await sharedServer();
  const url = server.url({ params: { table: "earlier" } });
  const engine = await openEngine(url, { warn });
  await engine.record({ n: 0 });
  await engine.close();
  const sql = await server.connect();
  await sql.query("ALTER TABLE stet_claims DROP COLUMN since");
  await sql.close();
  const one = await openEngine(url, { warn });
  assert.deepEqual(await one.held(), []);
  const claim = await one.claim(key);
  assert(claim.state === "claimed");
  assert.notEqual((await one.held())[0]!.since, undefined);
  await claim.claim.release();
  await one.close();
});
