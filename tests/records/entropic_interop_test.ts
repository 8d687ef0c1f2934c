import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { test } from "node:test";
import { Store } from "../../mod.ts";
import { entropicPython, missingEntropic } from "../python/python_entropic.ts";
import { tempFolder } from "../temp_folder.ts";

const skip = missingEntropic;
const timeout = 120_000;

if (process.env.CI === "true") {
  test("the Python package entropic can be installed where CI=true", () => {
    assert.equal(skip, false);
  });
}

/** Has Python's Store in a folder do what is asked; its answers. */
// deno-lint-ignore no-explicit-any -- each command answers in a form of its own
function inEntropic(folder: string, ...commands: readonly (readonly unknown[])[]): any[] {
  return JSON.parse(entropicPython("entropic_store.py", folder, JSON.stringify(commands)));
}

const columns = {
  n: "integer",
  dt: "real",
  method: "text",
  flag: "boolean",
  label: "text?",
  cfg: "json",
} as const;

/** Our store on the same database and results, and the ids that it ran. */
function ourStore(folder: string): { store: Store<typeof columns>; ran: string[] } {
  const ran: string[] = [];
  const store = new Store({
    runner: ({ id, n, resultFile }) => {
      ran.push(id);
      fs.writeFileSync(resultFile, `TypeScript ${n}`);
    },
    columns,
    store: path.join(folder, "db.sqlite3"),
    resultsDir: path.join(folder, "results"),
    fileSuffix: ".txt",
  });
  return { store, ran };
}

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
    "dict(n=9007199254740991, dt=1e-05, method='', flag=True, label='x\\ny', cfg={'a': {}})",
    { n: 9007199254740991, dt: 1e-5, method: "", flag: true, label: "x\ny", cfg: { a: {} } },
  ],
  [
    "dict(id='mine', n=0, dt=1e300, method='None', flag=False, label='null', cfg={'x': True})",
    { id: "mine", n: 0, dt: 1e300, method: "None", flag: false, label: "null", cfg: { x: true } },
  ],
] as const;

test("TypeScript opens Python's database, agrees on ids, and hits its records without running", {
  skip,
  timeout,
}, async (t) => {
  const folder = tempFolder(t);
  const theirs = inEntropic(
    folder,
    ...params.map(([source]) => ["run", source, { git: "é", elapsed_seconds: 0.5 }]),
  );
  const { store, ran } = ourStore(folder);
  for (const [i, [, ours]] of params.entries()) {
    const record = await store.runOrRetrieve(ours);
    const expected = theirs[i].record;
    assert.equal(record.id, expected.id);
    assert.equal(record.resultFile, expected.result_file);
    assert.equal(fs.readFileSync(record.resultFile, "utf8"), `Python ${ours.n}`);
    assert.equal(record.createdAt.toISOString(), `${expected.created_at.slice(0, 23)}Z`);
    assert.deepEqual(record.customData, { git: "é", elapsed_seconds: 0.5 });
    const { n, dt, method, flag, label = null, cfg } = { label: null, ...ours };
    assert.deepEqual(
      [record.n, record.dt, record.method, record.flag, record.label, record.cfg],
      [n, dt, method, flag, label, cfg],
    );
  }
  assert.deepEqual(ran, []);
  assert.deepEqual((await store.sweep(params.map(([, ours]) => ours))).length, params.length);
  assert.deepEqual(ran, []);
  await store.close();
});

test("Python opens TypeScript's database, agrees on ids, and hits its records without running", {
  skip,
  timeout,
}, async (t) => {
  const folder = tempFolder(t);
  const { store } = ourStore(folder);
  const ours = await store.sweep(params.map(([, params]) => params));
  const patched = (await store.patch("mine", { customData: { note: [1, { a: null }] } }))!;
  await store.close();
  const theirs = inEntropic(
    folder,
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
  assert.equal(theirs[params.length + 1].records.length, params.length);
});

test(
  "the two write in turn to one database: each sees what the other added, replaced and deleted",
  {
    skip,
    timeout,
  },
  async (t) => {
    const folder = tempFolder(t);
    const { store, ran } = ourStore(folder); // open all the while
    const [[firstSource, first], [secondSource, second]] = params;
    await store.run(first);
    assert.equal(inEntropic(folder, ["run", firstSource, { take: 2 }])[0].ran, true);
    assert.equal((await store.runOrRetrieve(first)).customData["take"], 2);
    assert.equal(fs.readFileSync((await store.retrieve(first))!.resultFile, "utf8"), "Python 1");
    await store.run(first, { take: 3 });
    await store.run(second);
    const [hit, deleted] = inEntropic(
      folder,
      ["run_or_retrieve", firstSource, {}],
      ["delete", secondSource],
    );
    assert.deepEqual([hit.ran, hit.record.custom_data.take, deleted], [false, 3, true]);
    assert.equal(await store.retrieve(second), undefined);
    await store.delete(first);
    assert.deepEqual(inEntropic(folder, ["retrieve", firstSource]), [null]);
    assert.equal(ran.length, 3);
    await store.close();
  },
);

test("each takes in the notes of the other's runs", { skip, timeout }, async (t) => {
  const folder = tempFolder(t);
  const [[source, first], [secondSource, second]] = params;
  const [id] = inEntropic(folder, ["note", source, { by: "Python" }]);
  const { store } = ourStore(folder);
  assert.deepEqual(await store.ingest(), { recorded: 1, kept: 0, left: 0 });
  const record = (await store.retrieve(first))!;
  assert.deepEqual([record.id, record.customData["by"]], [id, "Python"]);

  const far = new Store({
    runner: ({ resultFile }) => fs.writeFileSync(resultFile, "far"),
    columns,
    store: ":memory:",
    resultsDir: path.join(folder, "results"),
    fileSuffix: ".txt",
    resultNotes: true,
  });
  await far.run(second, { by: "TypeScript" });
  const [, read] = inEntropic(folder, ["ingest"], ["retrieve", secondSource]);
  assert.equal(read.custom_data.by, "TypeScript");
  assert.equal(Number(read.dt), second.dt);
  assert.deepEqual(
    fs.readdirSync(path.join(folder, "results")).filter((name) => /json$/.test(name)),
    [],
  );
  await store.close();
});

/** A record of Python's, its columns as text. */
type TheirRecord = Readonly<Record<string, string>>;

/** Has Python make records of models, each in a table of its own: `[table, columns, call]` as source. */
function inModels(
  folder: string,
  asked: readonly (readonly [table: string, columns: string, call: string])[],
): TheirRecord[] {
  return JSON.parse(
    entropicPython("entropic_model.py", folder, JSON.stringify(asked)),
  ) as TheirRecord[];
}

const real = "n: Mapped[int]\ndt: Mapped[float]";
const withDefault = "n: Mapped[int]\nsteps: Mapped[int] = mapped_column(default=10)";

/** What Python is asked to record, and the same params in TypeScript. */
const asked: Readonly<
  Record<string, readonly [columns: string, call: string, ours: Record<string, unknown>]>
> = {
  big: ["n: Mapped[int]", "store.run({'n': 2**62 + 1})", { n: 2n ** 62n + 1n }],
  int: [real, "store.run({'n': 1, 'dt': 1})", { n: 1, dt: 1 }],
  float: [real, "store.run({'n': 2, 'dt': 1.0})", { n: 2, dt: 1 }],
  model_default: [withDefault, "store.run({'n': 1})", { n: 1 }],
  server_default: [
    "n: Mapped[int]\nmode: Mapped[str] = mapped_column(server_default=text(\"'fast'\"))",
    "store.run({'n': 1})",
    { n: 1 },
  ],
  time: [
    "at: Mapped[datetime.datetime]",
    "store.register({'at': datetime.datetime(2026, 1, 2, 3, 4, 5, 678000)}, result)",
    { at: new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678)) },
  ],
  whole_time: [
    "at: Mapped[datetime.datetime]",
    "store.register({'at': datetime.datetime(2026, 1, 2, 3, 4, 5)}, result)",
    { at: "2026-01-02 03:04:05" },
  ],
  date: [
    "day: Mapped[datetime.date]",
    "store.register({'day': datetime.date(2026, 1, 2)}, result)",
    { day: "2026-01-02" },
  ],
};
const color = ["color: Mapped[Color]", "store.register({'color': Color.RED}, result)"] as const;

test(
  "what Python recorded by ints for floats, big integers, defaults, times and enums is answered",
  {
    skip,
    timeout,
  },
  async (t) => {
    const folder = tempFolder(t);
    const theirs = inModels(folder, [
      ...Object.entries(asked).map(([table, [columns, call]]) => [table, columns, call] as const),
      ["enum", ...color],
    ]);
    const open = (table: string): Store =>
      new Store({
        runner: () => assert.fail(`${table} was run again`),
        table,
        store: path.join(folder, "db.sqlite3"),
        resultsDir: path.join(folder, "results"),
      });
    for (const [i, [table, [, , ours]]] of Object.entries(asked).entries()) {
      const store = open(table);
      assert.equal((await store.runOrRetrieve(ours)).id, theirs[i]!["id"], table);
      assert.equal((await Array.fromAsync(store.find())).length, 1);
      await store.close();
    }
    const store = open("enum");
    assert.equal((await store.retrieve(theirs.at(-1)!["id"]!))!["color"], "RED");
    await assert.rejects(store.runOrRetrieve({ color: "red value" }), /differ in "color".*enum/);
    await store.close();
  },
);

test("a run again in TypeScript leaves created_at and defaults as Python made them", {
  skip,
  timeout,
}, async (t) => {
  const folder = tempFolder(t);
  const [before] = inModels(folder, [["results", withDefault, "store.run({'n': 1})"]]);
  const store = new Store({
    runner: ({ resultFile }) => fs.writeFileSync(resultFile, "TypeScript"),
    store: path.join(folder, "db.sqlite3"),
    resultsDir: path.join(folder, "results"),
    fileSuffix: ".txt",
  });
  await store.run({ n: 1 });
  await assert.rejects(store.run({ n: 2 }), /without "steps"/);
  await store.close();
  const [after] = inModels(folder, [["results", withDefault, "store.retrieve({'n': 1})"]]);
  assert.deepEqual({ ...after, custom_data: "" }, { ...before, custom_data: "" });
});
