import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { sweep } from "../../core/sweeps/sweep.ts";
import {
  type Columns,
  commands,
  hashParams,
  once,
  openBackend,
  type RunnerParams,
  Store,
  StoreError,
  type StoreInit,
} from "../../mod.ts";
import { type Cleaned, tempFolder } from "../temp_folder.ts";

/** The part of a test's context that cleans up after it. */
interface Test extends Cleaned {
  after(clean: () => void | Promise<void>): void;
}

const columns = { n: "integer", dt: "real", label: "text?" } as const;

/** A store in a folder of its own whose runs are noted; it is closed when the test ends. */
function tempStore<const C extends Columns>(
  t: Test,
  init: Partial<StoreInit<C>> & { columns: C },
): { store: Store<C>; folder: string; seen: RunnerParams<C>[]; warnings: string[] } {
  const folder = tempFolder(t);
  const seen: RunnerParams<C>[] = [];
  const warnings: string[] = [];
  const { runner, ...rest } = init;
  const store = new Store<C>({
    store: path.join(folder, "db.sqlite3"),
    resultsDir: path.join(folder, "results"),
    fileSuffix: ".csv",
    warn: (message) => warnings.push(message),
    ...rest,
    runner: (params) => {
      seen.push(params);
      if (runner) return runner(params);
      fs.writeFileSync(params.resultFile, JSON.stringify(params));
    },
  });
  t.after(() => store.close().catch(() => {})); // its folder is gone by then
  return { store, folder, seen, warnings };
}

function results(folder: string): string[] {
  return fs.readdirSync(path.join(folder, "results")).sort();
}

test("a record without params is found and deleted as it is run", async (t) => {
  for (const name of ["db.sqlite3", "db.csv"]) {
    const folder = tempFolder(t);
    const store = new Store({
      runner: ({ resultFile }) => fs.writeFileSync(resultFile, "1"),
      store: path.join(folder, name),
      resultsDir: path.join(folder, "results"),
    });
    assert.equal(await store.retrieve({}), undefined);
    assert.equal(await store.delete({}), false);
    const { id } = await store.run({});
    assert.equal(id, hashParams({}));
    assert.equal((await store.retrieve({}))!.id, id);
    assert.equal(await store.delete({}), true);
    assert.equal(await store.retrieve({}), undefined);
    await store.close();
  }
});

for (const name of ["db.sqlite3", "db.csv", "db.json", "db.jsonl", ":memory:"]) {
  test(`${name}: runOrRetrieve() runs once and gives a typed record`, async (t) => {
    const folder = tempFolder(t);
    const location = name === ":memory:" ? name : path.join(folder, name);
    const { store, seen } = tempStore(t, { columns, store: location });
    const record = await store.runOrRetrieve({ n: 1, dt: 2 }, { git: "é", tags: ["a", 1] });
    assert.equal(record.id, hashParams({ n: 1, dt: 2 }, { columns }));
    assert.deepEqual([record.n, record.dt, record.label], [1, 2, null]);
    assert.deepEqual(record.customData["tags"], ["a", 1]);
    assert.ok(record.createdAt instanceof Date);
    assert.ok(fs.statSync(record.resultFile).size > 0);
    assert.deepEqual(await store.runOrRetrieve({ dt: 2, n: 1 }), record);
    assert.deepEqual(await store.retrieve({ dt: 2, n: 1 }), record);
    assert.deepEqual(await store.retrieve(record.id), record);
    assert.equal(seen.length, 1);

    const again = await store.run({ n: 1, dt: 2 });
    assert.equal(seen.length, 2);
    assert.deepEqual(Object.keys(again.customData), ["elapsed_seconds"]);
    assert.deepEqual(await Array.fromAsync(store.find()), [again]);
    if (name === ":memory:") return;
    await store.close();
    const { store: reopened, seen: none } = tempStore(t, { columns, store: location });
    assert.deepEqual(await reopened.runOrRetrieve({ n: 1, dt: 2 }), again);
    assert.equal(none.length, 0);
  });

  test(`${name}: a run that fails leaves no record, keeps the older one, and is among the failures`, async (t) => {
    let ending: "file" | "throw" | "nothing" | "empty" = "throw";
    const folder = tempFolder(t);
    const location = name === ":memory:" ? name : path.join(folder, name);
    const { store, folder: own } = tempStore(t, {
      columns: { n: "integer" },
      store: location,
      runner: ({ n, resultFile }) => {
        if (ending === "nothing") return;
        fs.writeFileSync(resultFile, ending === "empty" ? "" : `${ending} ${n}`);
        if (ending === "throw") throw new RangeError("too large");
      },
    });
    await assert.rejects(store.runOrRetrieve({ n: 1 }), RangeError);
    assert.equal(await store.retrieve({ n: 1 }), undefined);
    assert.deepEqual(results(own), []);
    const [failure] = await store.failures();
    assert.equal(failure?.error, "too large");
    assert.equal(failure?.params["n"], 1);

    ending = "file";
    const record = await store.runOrRetrieve({ n: 1 });
    assert.deepEqual(await store.failures(), []);
    for (const bad of ["throw", "nothing", "empty"] as const) {
      ending = bad;
      const error = bad === "throw"
        ? /too large/
        : bad === "nothing"
        ? /wrote no/
        : /wrote an empty/;
      await assert.rejects(store.run({ n: 1 }), error);
      await assert.rejects(store.runOrRetrieve({ n: 2 }), error);
      assert.deepEqual(await store.retrieve({ n: 1 }), record);
      assert.equal(fs.readFileSync(record.resultFile, "utf8"), "file 1");
      assert.equal(await store.retrieve({ n: 2 }), undefined);
      assert.deepEqual(results(own), [`${record.id}.csv`]);
      assert.match((await store.failures()).at(-1)!.error, error);
    }
    assert.equal((await store.failures()).length, 2);
  });
}

test("the runner gets params, custom data, id and a path with the suffix that is not the result yet", async (t) => {
  const { store, folder, seen } = tempStore(t, { columns });
  const record = await store.run({ n: 1, dt: 0.5, label: "a" }, { git_sha: "abc" });
  const { resultFile, ...given } = seen[0]!;
  assert.deepEqual(given, { n: 1, dt: 0.5, label: "a", git_sha: "abc", id: record.id });
  assert.ok(resultFile.startsWith(path.join(folder, "results")));
  assert.ok(resultFile.endsWith(".csv"));
  assert.notEqual(resultFile, record.resultFile);
  assert.equal(record.resultFile, path.join(folder, "results", `${record.id}.csv`));
  assert.deepEqual(results(folder), [`${record.id}.csv`]);
});

test("elapsed_seconds goes to the custom data of real runs, unless the caller gives one", async (t) => {
  const { store } = tempStore(t, { columns });
  const record = await store.runOrRetrieve({ n: 1, dt: 1 }, { note: "a" });
  assert.deepEqual(Object.keys(record.customData), ["note", "elapsed_seconds"]);
  assert.equal(typeof record.customData["elapsed_seconds"], "number");
  assert.deepEqual(await store.runOrRetrieve({ n: 1, dt: 1 }, { note: "b" }), record);
  const own = await store.run({ n: 1, dt: 1 }, { elapsed_seconds: 7 });
  assert.deepEqual(own.customData, { elapsed_seconds: 7 });
  await assert.rejects(store.run({ n: 1, dt: 1 }, { n: 3 }), /"n" in customData/);
});

test("calls at the same time for the same params are one run", async (t) => {
  const { store, seen } = tempStore(t, { columns });
  const calls = Array.from({ length: 8 }, (_, i) => store.runOrRetrieve({ n: i % 2, dt: 1 }));
  assert.equal(new Set((await Promise.all(calls)).map(({ id }) => id)).size, 2);
  assert.equal(seen.length, 2);
});

test("params that do not fit the columns are errors before anything runs", async (t) => {
  const { store, seen } = tempStore(t, { columns });
  for (
    const [params, message] of [
      [{ n: 1, dt: 1, lable: "a" }, /"lable".*did you mean "label"/],
      [{ n: 1 }, /without "dt"/],
      [{ n: 1.5, dt: 1 }, /1\.5 as param "n".*"integer"/],
      [{ n: 1, dt: "1" }, /"1" as param "dt".*"real"/],
      [{ n: 1, dt: NaN }, /NaN as param "dt"/],
      [{ n: null, dt: 1 }, /null as param "n"/],
      [{ n: 1, dt: 1, label: 5 }, /5 as param "label".*"text\?"/],
      [{ n: 2 ** 53, dt: 1 }, /as param "n"/],
      [[1], /pass a plain object|as params/],
      ["n=1", /string as params/],
    ] as const
  ) {
    for (const method of ["run", "runOrRetrieve"] as const) {
      await assert.rejects(store[method](params as never), (error: unknown) => {
        assert.ok(error instanceof TypeError);
        assert.match(error.message, message);
        return true;
      });
    }
    await assert.rejects(store.sweep([{ n: 1, dt: 1 }, params as never]), TypeError);
  }
  assert.equal(seen.length, 0);
});

test("columns of reserved names and unknown types cannot be declared", (t) => {
  const names = ["id", "result_file", "created_at", "custom_data", "resultFile", "createdAt"];
  for (const name of [...names, "customData", "_stet_x", "", "a\nb"]) {
    assert.throws(() => tempStore(t, { columns: { [name]: "integer" } }), TypeError);
  }
  assert.throws(() => tempStore(t, { columns: { n: "int" as "integer" } }), /must be "integer"/);
  assert.throws(() => tempStore(t, { columns, fileSuffix: "/../x" }), /fileSuffix/);
});

test("a record may be given as params: what is reserved takes no part", async (t) => {
  const { store, seen } = tempStore(t, { columns });
  const record = await store.runOrRetrieve({ n: 1, dt: 1, label: null });
  assert.deepEqual(await store.runOrRetrieve(record), record);
  const { id: _, ...rest } = record;
  assert.deepEqual(await store.runOrRetrieve(rest), record);
  assert.equal(seen.length, 1);
});

test("a hit that was stored for other params is an error that shows both", async (t) => {
  const { store, seen } = tempStore(t, { columns: { tol: "real" } });
  await store.runOrRetrieve({ tol: 1e-13 });
  const shows = /stored for \(tol=1e-13\).*\(tol=2e-13\) is asked/;
  for (const look of [store.runOrRetrieve({ tol: 2e-13 }), store.retrieve({ tol: 2e-13 })]) {
    await assert.rejects(look, (error) => error instanceof StoreError && shows.test(error.message));
  }
  await assert.rejects(store.delete({ tol: 2e-13 }), shows);
  await assert.rejects(store.sweep([{ tol: 3e-13 }, { tol: 4e-13 }]), /have the same id/);
  await store.runOrRetrieve({ tol: 0.3 });
  assert.equal((await store.runOrRetrieve({ tol: 0.1 + 0.2 })).tol, 0.3);
  await store.runOrRetrieve({ id: "mine", tol: 1 });
  await assert.rejects(store.runOrRetrieve({ id: "mine", tol: 2 }), /tol=1.*tol=2/);
  assert.equal(seen.length, 3);
});

test("a record whose result file is gone is a miss that says so, and is run again", async (t) => {
  const { store, seen, warnings } = tempStore(t, { columns });
  const { resultFile, id } = await store.runOrRetrieve({ n: 1, dt: 1 });
  fs.rmSync(resultFile);
  assert.equal(await store.retrieve({ n: 1, dt: 1 }), undefined);
  assert.match(warnings[0]!, /result file .* is gone/);
  await store.runOrRetrieve({ n: 1, dt: 1 }, { take: 2 });
  assert.equal(seen.length, 2);
  assert.equal((await store.retrieve(id))!.customData["take"], 2);
  assert.equal((await Array.fromAsync(store.find())).length, 1);
});

test("an explicit id is used verbatim, and none leads outside the results folder", async (t) => {
  const { store, seen, folder } = tempStore(t, { columns });
  const record = await store.runOrRetrieve({ id: "Baseline 1", n: 1, dt: 1 });
  assert.equal(record.id, "Baseline 1");
  assert.equal(path.basename(record.resultFile), "Baseline 1.csv");
  assert.deepEqual(await store.retrieve({ id: "Baseline 1" }), record);
  for (const id of ["../x", "a/b", "a\\b", "..", ".", "a\0b", "a\nb", "x.partial", "", 5]) {
    await assert.rejects(store.runOrRetrieve({ id: id as string, n: 1, dt: 1 }), TypeError);
    await assert.rejects(store.register({ id: id as string, n: 1, dt: 1 }, "x"), TypeError);
  }
  assert.equal(seen.length, 1);
  assert.deepEqual(fs.readdirSync(folder).filter((name) => !name.startsWith("db.")), ["results"]);
});

test("a file where the results folder would be is a StoreError that names it", (t) => {
  const resultsDir = path.join(tempFolder(t), "results");
  fs.writeFileSync(resultsDir, "");
  assert.throws(
    () => new Store({ runner: () => {}, store: `${resultsDir}.csv`, resultsDir }),
    (error) => error instanceof StoreError && error.message.includes(`"${resultsDir}": there is a`),
  );
});

test("register() records a file where it is, once, and only if it is there", async (t) => {
  const { store, seen, folder } = tempStore(t, { columns });
  const file = path.join(folder, "external.h5");
  await assert.rejects(store.register({ n: 1, dt: 1 }, file), /Cannot register .*external\.h5/);
  fs.writeFileSync(file, "made elsewhere");
  const record = await store.register({ n: 1, dt: 1 }, file, { by: "hand" });
  assert.equal(record.resultFile, file);
  assert.deepEqual(record.customData, { by: "hand" });
  assert.deepEqual(await store.runOrRetrieve({ n: 1, dt: 1 }), record);
  assert.equal(seen.length, 0);
  await assert.rejects(store.register({ n: 1, dt: 1 }, file), StoreError);
  assert.deepEqual(results(folder), []);
});

test("delete() takes params or an id, and the file with removeFile", async (t) => {
  const { store } = tempStore(t, { columns });
  const [a, b, c] = await store.sweep([{ n: 1, dt: 1 }, { n: 2, dt: 1 }, { n: 3, dt: 1 }]);
  assert.equal(await store.delete({ n: 1, dt: 1 }), true);
  assert.equal(await store.delete({ n: 1, dt: 1 }), false);
  assert.equal(fs.existsSync(a!.resultFile), true);
  assert.equal(await store.delete({ id: b!.id }, { removeFile: true }), true);
  assert.equal(fs.existsSync(b!.resultFile), false);
  fs.rmSync(c!.resultFile);
  assert.equal(await store.delete(c!.id, { removeFile: true }), true);
  await assert.rejects(store.delete({} as { id: string }), TypeError);
  assert.deepEqual(await Array.fromAsync(store.find()), []);
});

test("patch() merges custom data, removes by null, clears by {}, and sets columns", async (t) => {
  const { store } = tempStore(t, { columns });
  const { id } = await store.runOrRetrieve({ n: 1, dt: 1 }, { a: 1, b: { c: 2 } });
  const patched = await store.patch(id, { customData: { a: null, d: [3] }, label: "good" });
  assert.deepEqual(Object.keys(patched!.customData).sort(), ["b", "d", "elapsed_seconds"]);
  assert.equal(patched!.label, "good");
  assert.equal((await store.patch(id, { label: null }))!.label, "good");
  assert.deepEqual((await store.patch({ n: 1, dt: 1 }, { customData: {} }))!.customData, {});
  const read = await store.retrieve({ n: 1, dt: 1 });
  assert.deepEqual([read!.label, read!.customData], ["good", {}]);
  assert.deepEqual(read!.createdAt, patched!.createdAt);
  assert.equal(await store.patch("0000000000000000", { label: "x" }), undefined);
  await assert.rejects(store.patch(id, { lable: 1 } as never), /"lable".*did you mean "label"/);
  await assert.rejects(store.patch(id, { n: "1" } as never), /"integer"/);
  await assert.rejects(store.patch(id, { id: "x" } as never), /id of a record/);
});

test("find() gives the records that agree on the columns given", async (t) => {
  const { store } = tempStore(t, { columns });
  await store.sweep([{ n: 1, dt: 1 }, { n: 2, dt: 1, label: "a" }, { n: 2, dt: 2, label: "a" }]);
  const found = async (columns: Parameters<typeof store.find>[0]): Promise<unknown[]> =>
    (await Array.fromAsync(store.find(columns))).map(({ n, dt }) => [n, dt]);
  assert.deepEqual(await found({ n: 2 }), [[2, 1], [2, 2]]);
  assert.deepEqual(await found({ label: "a", dt: 2 }), [[2, 2]]);
  assert.deepEqual(await found({ label: null }), [[1, 1]]);
  assert.deepEqual(await found({ n: 9 }), []);
  await assert.rejects(found({ nn: 1 } as never), /"nn"/);
});

test("sweep() gives unique records in the order in which their params first came", async (t) => {
  const { store, seen } = tempStore(t, { columns });
  await store.runOrRetrieve({ n: 2, dt: 1 });
  function* params(): Generator<{ n: number; dt: number }> {
    for (const n of [3, 1, 2, 3, 1]) yield { n, dt: 1 };
  }
  const records = await store.sweep(params(), { concurrency: 2 });
  assert.deepEqual(records.map(({ n }) => n), [3, 1, 2]);
  assert.equal(seen.length, 3);
  async function* more(): AsyncGenerator<{ n: number; dt: number }> {
    for (const n of [5, 1]) yield await Promise.resolve({ n, dt: 1 });
  }
  assert.deepEqual((await store.sweep(more())).map(({ n }) => n), [5, 1]);
  assert.deepEqual(await store.sweep([]), []);
});

test("sweep() rejects with the first error if runs failed, and keeps the others", async (t) => {
  const { store } = tempStore(t, {
    columns: { n: "integer" },
    runner: ({ n, resultFile }) => {
      if (n === 2) throw new RangeError("two");
      fs.writeFileSync(resultFile, "x");
    },
  });
  const error = await store.sweep([{ n: 1 }, { n: 2 }, { n: 3 }]).then(() => undefined, (e) => e);
  assert.match(error.message, /1 of 3 runs failed.*two/);
  assert.ok(error.cause instanceof RangeError);
  assert.deepEqual((await Array.fromAsync(store.find())).map(({ n }) => n), [1, 3]);
  const deadline = Date.now() - 1;
  await assert.rejects(store.sweep([{ n: 4 }], { deadline }), /stopped \(deadline\)/);
});

test("a Store can be swept like a once function, with retries", async (t) => {
  let attempts = 0;
  const { store } = tempStore(t, {
    columns: { n: "integer" },
    runner: ({ resultFile }) => {
      if (++attempts === 1) throw new Error("flaky");
      fs.writeFileSync(resultFile, "x");
    },
  });
  const outcomes = await Array.fromAsync(sweep(store, [{ n: 1 }], { retries: 1, retryDelay: 0 }));
  assert.equal(outcomes[0]?.status, "ran");
  assert.deepEqual((outcomes[0] as { value?: unknown }).value, await store.retrieve({ n: 1 }));
  assert.equal(attempts, 2);
});

test("a result may be a folder", async (t) => {
  const { store } = tempStore(t, {
    columns: { n: "integer" },
    runner: ({ n, resultFile }) => {
      fs.mkdirSync(resultFile);
      if (n !== 0) fs.writeFileSync(path.join(resultFile, "chunk"), "x");
    },
  });
  await assert.rejects(store.run({ n: 0 }), /empty/);
  const { resultFile } = await store.run({ n: 1 });
  await store.run({ n: 1 });
  assert.deepEqual(fs.readdirSync(resultFile), ["chunk"]);
  assert.equal(await store.delete({ n: 1 }, { removeFile: true }), true);
  assert.equal(fs.existsSync(resultFile), false);
});

test("without columns, params are any plain object", async (t) => {
  const folder = tempFolder(t);
  const store = new Store({
    runner: ({ resultFile }) => fs.writeFileSync(resultFile, "x"),
    store: path.join(folder, "db.csv"),
    resultsDir: path.join(folder, "results"),
  });
  const record = await store.runOrRetrieve({ model: "a", cfg: { layers: [1, 2] } });
  assert.equal(record.id, hashParams({ model: "a", cfg: { layers: [1, 2] } }));
  assert.deepEqual([record["model"], record["cfg"]], ["a", { layers: [1, 2] }]);
  assert.equal((await store.runOrRetrieve({ seed: 3 }))["seed"], 3);
  assert.equal(path.extname(record.resultFile), ".h5");
  await store.close();
  await assert.rejects(store.retrieve({ seed: 3 }), StoreError);
});

test(".sqlite3: without columns, the first params make the table, and later ones must fit", async (t) => {
  const folder = tempFolder(t);
  const init = {
    runner: ({ resultFile }: { resultFile: string }) => fs.writeFileSync(resultFile, "x"),
    store: path.join(folder, "db.sqlite3"),
    resultsDir: path.join(folder, "results"),
  };
  const store = new Store(init);
  const params = { n: 1, model: "5", flag: true, cfg: { a: [1.5] } };
  const record = await store.runOrRetrieve(params);
  assert.equal(record.id, hashParams(params));
  await assert.rejects(
    store.runOrRetrieve({ ...params, m: 2 }),
    /"m" as a param: the columns are n/,
  );
  await assert.rejects(store.runOrRetrieve({ n: "1" }), /"1" as param "n"/);
  await store.runOrRetrieve({ n: 0.5 });
  await store.close();
  const again = new Store(init);
  assert.deepEqual(await again.runOrRetrieve(params), record);
  assert.deepEqual({ ...record, id: "", resultFile: "", createdAt: 0, customData: {} }, {
    ...params,
    id: "",
    resultFile: "",
    createdAt: 0,
    customData: {},
  });
  await again.close();
});

test(".sqlite3: the table is the one that SQLAlchemy makes", async (t) => {
  const { store, folder } = tempStore(t, {
    columns: {
      n: "integer",
      dt: "real",
      name: "text",
      flag: "boolean",
      cfg: "json",
      note: "text?",
    },
    table: "sims",
  });
  await store.run({ n: 1, dt: 2, name: "0123", flag: true, cfg: { b: 1, a: [null] } });
  await store.close();
  const db = new DatabaseSync(path.join(folder, "db.sqlite3"));
  const table = db.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'table'").all();
  assert.deepEqual(table.map(({ name, sql }) => [name, (sql as string).replace(/\s+/g, " ")]), [[
    "sims",
    'CREATE TABLE "sims" ( "n" INTEGER NOT NULL, "dt" DOUBLE NOT NULL, "name" VARCHAR NOT NULL, ' +
    '"flag" BOOLEAN NOT NULL, "cfg" JSON NOT NULL, "note" VARCHAR, "id" VARCHAR NOT NULL, ' +
    '"result_file" VARCHAR NOT NULL, "created_at" DATETIME NOT NULL, "custom_data" JSON NOT NULL, ' +
    "PRIMARY KEY (id) )",
  ]]);
  const row = db.prepare("SELECT *, typeof(dt) AS type FROM sims").get()!;
  assert.match(row["created_at"] as string, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/);
  assert.deepEqual([row["n"], row["name"], row["flag"], row["cfg"], row["note"], row["type"]], [
    1,
    "0123",
    1,
    '{"b": 1, "a": [null]}',
    null,
    "real",
  ]);
  db.close();
  assert.deepEqual(fs.readdirSync(folder).sort(), ["db.sqlite3", "results"]);
});

test(".sqlite3: columns that are not those of the table are errors before anything runs", async (t) => {
  const folder = tempFolder(t);
  const location = path.join(folder, "db.sqlite3");
  await tempStore(t, { columns, store: location }).store.run({ n: 1, dt: 1 });
  for (
    const [declared, message] of [
      [{ n: "integer", dt: "real" }, /column "label", which is not among.*label: "text\?"/],
      [{ ...columns, m: "integer" }, /no column "m"/],
      [{ ...columns, n: "real" }, /column "n" is "integer", and "real"/],
      [{ ...columns, label: "text" }, /column "label" is "text\?"/],
    ] as readonly (readonly [Columns, RegExp])[]
  ) {
    const { store, seen } = tempStore(t, { columns: declared, store: location });
    await assert.rejects(
      store.runOrRetrieve({ n: 5, dt: 1, label: "", m: 1 }),
      (error: unknown) =>
        error instanceof Error && (message.test(error.message) ||
          error instanceof TypeError),
    );
    await assert.rejects(store.retrieve("0000000000000000"), message);
    assert.equal(seen.length, 0);
  }
  const other = new DatabaseSync(path.join(folder, "other.db"));
  other.exec("CREATE TABLE results (a)");
  other.close();
  const { store } = tempStore(t, { columns, store: path.join(folder, "other.db") });
  await assert.rejects(store.retrieve("0000000000000000"), /no column "id"/);
  const twins = tempStore(t, { columns: { ID: "integer" } });
  await assert.rejects(twins.store.run({ ID: 1 }), /capitals/);
  assert.equal(twins.seen.length, 0);
});

test("sqlite URLs name databases as SQLAlchemy's do, for once and openBackend too", async (t) => {
  const folder = tempFolder(t);
  const file = path.join(folder, "runs.dat");
  const { store } = tempStore(t, { columns, store: `sqlite:///${file}` });
  await store.run({ n: 1, dt: 1 });
  await store.close();
  assert.equal(fs.existsSync(file), true);
  const backend = await openBackend(`sqlite:///${file}`); // the records of a Store, as rows
  assert.deepEqual((await backend.load()).map(({ n }) => n), [1]);
  await backend.close();
  const misplaced = once((n: number) => assert.fail(`${n}`), { store: `sqlite:///${file}` });
  await assert.rejects(misplaced(1), /holds the records of a Store/);

  const other = path.join(folder, "once.dat");
  const square = once(({ n }: { n: number }) => n * n, {
    store: `sqlite:///${other}`,
    quiet: true,
  });
  await square({ n: 3 });
  assert.equal((await square.status()).count, 1);
  assert.equal(fs.existsSync(other), true);
  assert.equal((await openBackend("sqlite://")).location, ":memory:");
  await assert.rejects(async () => await openBackend("sqlite://host/x"), /sqlite:\/\/\/relative/);
  for (
    const url of ["postgresql", "postgres", "postgresql+psycopg"].map((scheme) =>
      `${scheme}://u:secret@127.0.0.1:1/db`
    )
  ) {
    await assert.rejects(async () => await openBackend(url), (error: unknown) => {
      assert.ok(error instanceof StoreError);
      assert.match(error.message, /check that the server runs|pg is not installed/);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  }
});

test("a row that somebody damaged is an error that says what", async (t) => {
  const { store, folder } = tempStore(t, { columns });
  const { id } = await store.run({ n: 1, dt: 1 });
  const db = new DatabaseSync(path.join(folder, "db.sqlite3"));
  db.exec("UPDATE results SET created_at = 'yesterday'");
  await assert.rejects(store.retrieve(id), /created_at is .*yesterday/);
  db.exec("UPDATE results SET created_at = '2026-11-21 14:22:01.123456', custom_data = '{'");
  await assert.rejects(store.retrieve(id), /JSON/);
  db.close();
});

test("a command may make the results of a sweep: it gets params and the path to write to", async (t) => {
  const { store, seen } = tempStore(t, { columns });
  const executor = commands([
    "sh",
    "-c",
    'echo "$1 $2" > "$3"',
    "sh",
    "{n}",
    "{dt}",
    "{resultFile}",
  ]);
  const [first, second] = await store.sweep([{ n: 1, dt: 0.5 }, { n: 2, dt: 0.5 }], { executor });
  assert.equal(fs.readFileSync(first!.resultFile, "utf8"), "1 0.5\n");
  assert.equal(fs.readFileSync(second!.resultFile, "utf8"), "2 0.5\n");
  assert.equal(seen.length, 0);
  const silent = commands(["true", "{n}"]);
  await assert.rejects(store.sweep([{ n: 3, dt: 1 }], { executor: silent }), /wrote no file/);
  const misspelt = commands(["true", "{m}"]);
  await assert.rejects(store.sweep([{ n: 3, dt: 1 }], { executor: misspelt }), TypeError);
});

test("a retry that writes nothing does not take what a failed attempt wrote", async (t) => {
  const { store, folder } = tempStore(t, { columns });
  const flag = path.join(folder, "flag");
  const script = 'if [ -e "$1" ]; then exit 0; fi; touch "$1"; echo part > "$2"; exit 3';
  const executor = commands(["sh", "-c", script, "sh", flag, "{resultFile}"]);
  const swept = sweep(store, [{ n: 1, dt: 1 }], { executor, retries: 1, retryDelay: 0 });
  const [outcome] = await Array.fromAsync(swept);
  assert(outcome?.status === "failed" && outcome.error instanceof Error);
  assert.match(outcome.error.message, /wrote no file/);
  assert.equal(await store.retrieve({ n: 1, dt: 1 }), undefined);
});

test("sweep() of params whose ids collide is an error, not a run less", async (t) => {
  const { store } = tempStore(t, { columns });
  const items = [{ n: 1, dt: 1e-13 }, { n: 1, dt: 2e-13 }];
  await assert.rejects(sweep(store, items).done, /stored for .*1e-13.*2e-13/);
});
