import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Store } from "../../mod.ts";
import { entropicPython, missingEntropic } from "../python/python_entropic.ts";
import { tempFolder } from "../temp_folder.ts";
import { postgresSkip } from "./programs.ts";
import { sharedServer } from "./shared_server.ts";

const options = { timeout: 120_000, skip: postgresSkip || missingEntropic };

const columns = {
  n: "integer",
  dt: "real",
  method: "text",
  flag: "boolean",
  label: "text?",
  cfg: "json",
} as const;

/** The same params on both sides. */
const params = [
  [
    "dict(n=1, dt=2.0, method='rk4', flag=True, label=None, cfg={'b': [1, 2.5, None], 'a': 'é🦕'})",
    { n: 1, dt: 2, method: "rk4", flag: true, label: null, cfg: { b: [1, 2.5, null], a: "é🦕" } },
  ],
  [
    "dict(n=-7, dt=0.1 + 0.2, method='0123', flag=False, cfg={})",
    { n: -7, dt: 0.1 + 0.2, method: "0123", flag: false, cfg: {} },
  ],
  [
    "dict(n=2147483647, dt=1e-05, method='', flag=True, label='x\\ny', cfg={'a': {}})",
    { n: 2147483647, dt: 1e-5, method: "", flag: true, label: "x\ny", cfg: { a: {} } },
  ],
  [
    "dict(id='mine', n=0, dt=1e300, method='None', flag=False, label='null', cfg={'x': True})",
    { id: "mine", n: 0, dt: 1e300, method: "None", flag: false, label: "null", cfg: { x: true } },
  ],
] as const;

interface Both {
  /** Has Python's Store do what is asked, and returns its answers. */
  // deno-lint-ignore no-explicit-any -- each command answers in a form of its own
  inEntropic(...commands: readonly (readonly unknown[])[]): any[];
  readonly store: Store<typeof columns>;
  /** Ids of the runs of our store. */
  readonly ran: readonly string[];
}

let databases = 0;

/** Opens our store on a database of its own, and Python's on the same. */
async function both(folder: string): Promise<Both> {
  const server = await sharedServer();
  const database = `entropic_${++databases}`;
  const sql = await server.connect();
  await sql.query(`CREATE DATABASE ${database} OWNER stet`);
  await sql.close();
  const url = server.url({ database }).replace("postgresql:", "postgresql+psycopg:");
  const ran: string[] = [];
  const store = new Store({
    runner: ({ id, n, resultFile }) => {
      ran.push(id);
      fs.writeFileSync(resultFile, `TypeScript ${n}`);
    },
    columns,
    store: url,
    resultsDir: path.join(folder, "results"),
    fileSuffix: ".txt",
  });
  return {
    store,
    ran,
    inEntropic: (...commands) =>
      JSON.parse(entropicPython("entropic_store.py", folder, JSON.stringify(commands), url)),
  };
}

test(
  "TypeScript opens Python's table, agrees on ids, and hits its records without running",
  options,
  async (t) => {
    const { store, ran, inEntropic } = await both(tempFolder(t));
    const theirs = inEntropic(
      ...params.map(([source]) => ["run", source, { git: "é", elapsed_seconds: 0.5 }]),
    );
    for (const [i, [, ours]] of params.entries()) {
      const record = await store.runOrRetrieve(ours);
      const expected = theirs[i].record;
      assert.equal(record.id, expected.id);
      assert.equal(record.resultFile, expected.result_file);
      assert.equal(record.createdAt.toISOString(), `${expected.created_at.slice(0, 23)}Z`);
      assert.deepEqual(record.customData, { git: "é", elapsed_seconds: 0.5 });
      const { n, dt, method, flag, label = null, cfg } = { label: null, ...ours };
      assert.deepEqual(
        [record.n, record.dt, record.method, record.flag, record.label, record.cfg],
        [n, dt, method, flag, label, cfg],
      );
    }
    assert.deepEqual(ran, []);
    await store.close();
  },
);

test(
  "Python opens TypeScript's table, agrees on ids, and hits its records without running",
  options,
  async (t) => {
    const { store, inEntropic } = await both(tempFolder(t));
    const ours = await store.sweep(params.map(([, params]) => params));
    const patched = (await store.patch("mine", { customData: { note: [1, { a: null }] } }))!;
    await store.close();
    const theirs = inEntropic(
      ...params.map(([source]) => ["run_or_retrieve", source, {}]),
      ["retrieve", "dict(id='mine')"],
      ["sweep", params.map(([source]) => source)],
    );
    for (const [i, record] of ours.entries()) {
      const { record: read, ran } = theirs[i];
      assert.equal(ran, false);
      assert.equal(read.id, record.id);
      assert.equal(Number(read.dt), record.dt);
      assert.deepEqual([read.n, read.method, read.flag, read.label, read.cfg], [
        record.n,
        record.method,
        record.flag,
        record.label,
        record.cfg,
      ]);
      assert.equal(read.result_file, record.resultFile);
      assert.equal(new Date(`${read.created_at}Z`).getTime(), record.createdAt.getTime());
    }
    assert.deepEqual(theirs[params.length].custom_data, patched.customData);
    assert.equal(theirs[params.length + 1].ran, 0);
  },
);

test(
  "the two write in turn to one table: each sees what the other added, replaced and deleted",
  options,
  async (t) => {
    const { store, ran, inEntropic } = await both(tempFolder(t));
    const [[firstSource, first], [secondSource, second]] = params;
    await store.run(first);
    assert.equal(inEntropic(["run", firstSource, { take: 2 }])[0].ran, true);
    assert.equal((await store.runOrRetrieve(first)).customData["take"], 2);
    await store.run(first, { take: 3 });
    await store.run(second);
    const [hit, deleted] = inEntropic(
      ["run_or_retrieve", firstSource, {}],
      ["delete", secondSource],
    );
    assert.deepEqual([hit.ran, hit.record.custom_data.take, deleted], [false, 3, true]);
    assert.equal(await store.retrieve(second), undefined);
    await store.delete(first);
    assert.deepEqual(inEntropic(["retrieve", firstSource]), [null]);
    assert.equal(ran.length, 3);
    await store.close();
  },
);
