import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { Claim } from "../../core/contract/backend.ts";
import type { Engine } from "../../core/contract/engine.ts";
import { type Key, keyOf, keyShape } from "../../core/keys/key.ts";
import { StoreError } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { served } from "../served.ts";
import { tempStore } from "../temp_folder.ts";

const shape = keyShape(["n"]);
const keyOf1 = (n: number): Key => keyOf(shape, { n });

async function claimed(engine: Engine, key: Key, token?: string): Promise<Claim> {
  const lease = token === undefined ? {} : { lease: { token, until: Date.now() + 60_000 } };
  const answer = await engine.claim(key, lease);
  assert(answer.state === "claimed");
  return answer.claim;
}

/** Checks that the only claim was made in a span of time. */
async function checkSince(engine: Engine, from: number, to: number): Promise<string> {
  const [{ since } = {}, ...more] = await engine.held();
  assert.equal(more.length, 0);
  assert.match(since!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert(from <= Date.parse(since!) && Date.parse(since!) <= to, since);
  return since!;
}

for (const name of ["runs.csv", "runs.jsonl", "runs.db", ":memory:"]) {
  test(`held() has the time of a claim, which its renewals keep: ${name}`, async (t) => {
    const engine = await openEngine(name === ":memory:" ? name : tempStore(t, name));
    const start = Date.now();
    const claim = await claimed(engine, keyOf1(1));
    await checkSince(engine, start, Date.now());
    await claim.release();
    const lease = await claimed(engine, keyOf1(2), "a");
    const since = await checkSince(engine, start, Date.now());
    while (Date.now() === Date.parse(since)) await new Promise((resolve) => setTimeout(resolve, 1));
    await claimed(engine, keyOf1(2), "a");
    assert.equal((await engine.held())[0]!.since, since);
    await lease.release();
    const again = await claimed(engine, keyOf1(2), "b");
    assert.notEqual((await engine.held())[0]!.since, since);
    await again.release();
    await engine.close();
  });
}

test("held() of a sidecar has the times of claims", async (t) => {
  const { url } = await served(t);
  const engine = await openEngine(url);
  const start = Date.now();
  const claim = await claimed(engine, keyOf1(1));
  const since = await checkSince(engine, start, Date.now());
  const { claims } = await (await fetch(`${url}/v1/claims`)).json();
  assert.equal(claims[0].since, since);
  await claim.release();
  await engine.close();
});

/** The tables of version 1. */
const VERSION_1 = `
  CREATE TABLE owners (id TEXT PRIMARY KEY, pid INTEGER, host TEXT, since TEXT) WITHOUT ROWID;
  CREATE TABLE claims (key TEXT PRIMARY KEY, owner TEXT) WITHOUT ROWID;
  CREATE TABLE failures (
    key TEXT PRIMARY KEY, params TEXT, error TEXT, stack TEXT, attempt INTEGER, time TEXT, host TEXT
  ) WITHOUT ROWID;
  INSERT INTO failures VALUES ('n', '{"n":9}', 'no', '', 1, '2026-01-01T00:00:00.000Z', '');
  PRAGMA user_version = 1;`;

function versionOf(path: string): unknown {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return db.prepare("PRAGMA user_version").get()?.["user_version"];
  } finally {
    db.close();
  }
}

test("a state file of version 1 is used as it is while a claim is in it, and changed when none is", async (t) => {
  const store = tempStore(t);
  const path = `${store}-state`;
  const until = Date.now() + 3_600_000;
  const db = new DatabaseSync(path);
  db.exec(VERSION_1);
  db.prepare("INSERT INTO claims VALUES (?, ?)").run(keyOf1(1).text, `lease ${until} t worker`);
  db.close();
  const engine = await openEngine(store);
  assert.deepEqual(await engine.held(), [
    { key: keyOf1(1).text, holder: "worker", since: undefined },
  ]);
  const claim = await claimed(engine, keyOf1(2));
  assert.equal((await engine.held()).length, 2);
  assert.equal(versionOf(path), 1);
  await claim.release();
  const old = await engine.claim(keyOf1(1), { lease: { token: "t", until } });
  assert(old.state === "claimed");
  await old.claim.release();
  await engine.close();

  const later = await openEngine(store);
  const start = Date.now();
  const again = await claimed(later, keyOf1(2));
  await checkSince(later, start, Date.now());
  assert.equal(versionOf(path), 2);
  assert.deepEqual((await later.failures()).map(({ params }) => params), [{ n: 9 }]);
  await again.release();
  await later.close();
});

test("a state file of a later version is refused by name", async (t) => {
  const store = tempStore(t);
  const db = new DatabaseSync(`${store}-state`);
  db.exec(`${VERSION_1} PRAGMA user_version = 3;`);
  db.close();
  const engine = await openEngine(store);
  await assert.rejects(
    async () => await engine.claim(keyOf1(1)),
    (error) => error instanceof StoreError && /another version of stet \(3\)/.test(error.message),
  );
  await engine.close();
});
