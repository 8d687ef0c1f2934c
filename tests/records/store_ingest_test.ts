import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Store } from "../../mod.ts";
import { tempFolder } from "../temp_folder.ts";

const columns = { n: "integer", dt: "real" } as const;

/** Two stores that share a results folder: one whose runs leave notes, and one that takes them in. */
function twoStores(folder: string, index: string): {
  far: Store<typeof columns>;
  near: Store<typeof columns>;
  warnings: string[];
  resultsDir: string;
} {
  const warnings: string[] = [];
  const resultsDir = path.join(folder, "results");
  const init = {
    runner: ({ n, resultFile }: { n: number; resultFile: string }) =>
      fs.writeFileSync(resultFile, `result ${n}`),
    resultsDir,
    columns,
    warn: (message: string) => void warnings.push(message),
  };
  return {
    far: new Store({ ...init, store: ":memory:", resultNotes: true }),
    near: new Store({ ...init, store: path.join(folder, index) }),
    warnings,
    resultsDir,
  };
}

function notesIn(folder: string): string[] {
  return fs.readdirSync(folder).filter((name) => name.endsWith(".json")).sort();
}

for (const index of ["db.sqlite3", "db.csv"]) {
  test(`${index}: ingest() makes records of the notes that runs left, and removes these`, async (t) => {
    const { far, near, resultsDir, warnings } = twoStores(tempFolder(t), index);
    const there = await far.sweep([{ n: 1, dt: 1 }, { n: 2, dt: 0.5 }]);
    const mine = await far.run({ id: "mine", n: 3, dt: 3 }, { by: "me" });
    assert.deepEqual(
      JSON.parse(fs.readFileSync(path.join(resultsDir, "mine.json"), "utf8")),
      {
        n: 3,
        dt: 3,
        id: "mine",
        result_file: mine.resultFile,
        custom_data: { by: "me", elapsed_seconds: mine.customData["elapsed_seconds"] },
      },
    );
    assert.deepEqual(await near.ingest(), { recorded: 3, kept: 0, left: 0 });
    assert.deepEqual(notesIn(resultsDir), []);
    const here = await near.sweep([{ n: 1, dt: 1 }, { n: 2, dt: 0.5 }]);
    const same = ({ id, n, dt, resultFile, customData }: typeof mine): unknown => [
      id,
      n,
      dt,
      resultFile,
      customData,
    ];
    assert.deepEqual(here.map(same), there.map(same));
    assert.deepEqual(same((await near.retrieve("mine"))!), same(mine));
    assert.deepEqual(await near.ingest(), { recorded: 0, kept: 0, left: 0 });
    assert.deepEqual(warnings, []);
    await near.close();
  });

  test(`${index}: ingest() keeps an existing record, or overwrites it as asked`, async (t) => {
    const { far, near, resultsDir } = twoStores(tempFolder(t), index);
    const older = await near.run({ n: 1, dt: 1 }, { take: 1 });
    await far.run({ n: 1, dt: 1 }, { take: 2 });
    assert.deepEqual(await near.ingest(), { recorded: 0, kept: 1, left: 0 });
    assert.deepEqual(await near.retrieve({ n: 1, dt: 1 }), older);
    assert.deepEqual(notesIn(resultsDir), []);
    await far.run({ n: 1, dt: 1 }, { take: 3 });
    assert.deepEqual(await near.ingest({ overwrite: true }), { recorded: 1, kept: 0, left: 0 });
    assert.equal((await near.retrieve({ n: 1, dt: 1 }))!.customData["take"], 3);
    assert.equal((await Array.fromAsync(near.find())).length, 1);
    await near.close();
  });
}

test("ingest() leaves a note whose result is missing or empty, or that cannot be read, and says why", async (t) => {
  const { far, near, resultsDir, warnings } = twoStores(tempFolder(t), "db.sqlite3");
  const gone = await far.run({ n: 1, dt: 1 });
  const empty = await far.run({ n: 2, dt: 1 });
  await far.run({ n: 3, dt: 1 });
  fs.rmSync(gone.resultFile);
  fs.writeFileSync(empty.resultFile, "");
  const bad = {
    "broken.json": '{"id": "x", ',
    "empty.json": "",
    "list.json": "[1]",
    "no_id.json": '{"n": 1, "dt": 1, "result_file": "x"}',
    "outside.json": `{"id": "../x", "n": 1, "dt": 1, "result_file": "${resultsDir}"}`,
    "unknown.json": '{"id": "y", "n": 1, "dt": 1, "m": 1, "result_file": "x"}',
  };
  for (const [name, text] of Object.entries(bad)) {
    fs.writeFileSync(path.join(resultsDir, name), text);
  }
  assert.deepEqual(await near.ingest(), { recorded: 1, kept: 0, left: 8 });
  const left = [`${gone.id}.json`, `${empty.id}.json`, ...Object.keys(bad)].sort();
  assert.deepEqual(notesIn(resultsDir), left);
  assert.equal(warnings.length, 8);
  for (const name of left) assert.ok(warnings.some((message) => message.includes(name)), name);
  assert.ok(warnings.some((message) => /missing/.test(message)));
  assert.ok(warnings.some((message) => /is empty/.test(message)));

  fs.writeFileSync(gone.resultFile, "here it is");
  assert.equal((await near.ingest()).recorded, 1);
  await near.close();
});

test("ingest() finds result files in the results folder when their paths are another machine's", async (t) => {
  const { far, near, resultsDir } = twoStores(tempFolder(t), "db.sqlite3");
  const { id, resultFile } = await far.run({ n: 1, dt: 1 });
  const note = path.join(resultsDir, `${id}.json`);
  const text = fs.readFileSync(note, "utf8");
  fs.writeFileSync(note, text.replace(JSON.stringify(resultFile), `"/mnt/other/${id}.h5"`));
  assert.equal((await near.ingest()).recorded, 1);
  assert.equal((await near.retrieve(id))!.resultFile, resultFile);
  await near.close();
});

test("an interrupted ingest() loses nothing: the next one goes on", async (t) => {
  const folder = tempFolder(t);
  const { far, near, resultsDir } = twoStores(folder, "db.csv");
  const records = await far.sweep([1, 2, 3].map((n) => ({ n, dt: 1 })));
  const notes = notesIn(resultsDir);
  const texts = notes.map((name) => fs.readFileSync(path.join(resultsDir, name)));
  assert.equal((await near.ingest()).recorded, 3);
  // As a kill leaves it after two records of which one note is still there.
  await near.delete(records.find(({ id }) => `${id}.json` === notes[2])!.id);
  for (const i of [1, 2]) fs.writeFileSync(path.join(resultsDir, notes[i]!), texts[i]!);
  assert.deepEqual(await near.ingest(), { recorded: 1, kept: 1, left: 0 });
  assert.deepEqual(
    (await Array.fromAsync(near.find())).map(({ n }) => n).sort(),
    [1, 2, 3],
  );
  assert.deepEqual(notesIn(resultsDir), []);
  await near.close();
});

test("notes and JSON results look the same: that suffix is refused", async (t) => {
  const init = { runner: () => {}, resultsDir: tempFolder(t), store: ":memory:" };
  assert.throws(() => new Store({ ...init, fileSuffix: ".json", resultNotes: true }), TypeError);
  await assert.rejects(new Store({ ...init, fileSuffix: ".JSON" }).ingest(), /fileSuffix/);
});
