import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { main } from "../../cli.ts";
import { table } from "../../backends/table.ts";
import { ConflictError } from "../../core/tools/conflict_error.ts";
import { importStore as fill } from "../../core/tools/import_store.ts";
import { Registry } from "../../core/contract/registry.ts";
import { once, openBackend, type Row } from "../../mod.ts";
import { tempFolder } from "../temp_folder.ts";
import { filesIn } from "../workers/worker_process.ts";

const importStore = fill.bind(undefined, new Registry(table));
const stores = Object.keys(table).filter((name) => /^\.(?:csv|json|jsonl|sqlite)$/.test(name));

async function rowsIn(store: string): Promise<Row[]> {
  const backend = await openBackend(store);
  const rows = await backend.load();
  await backend.close();
  return rows;
}

function withoutTimestamp({ _stet_timestamp: _, ...row }: Row): Row {
  return row;
}

/** What a command line prints, and its exit code. */
async function stet(...args: string[]): Promise<{ out: string[]; err: string[]; code: number }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(args, { log: (line) => out.push(line), error: (line) => err.push(line) });
  return { out, err, code };
}

test("runs that were imported are skipped, with their results", async (t) => {
  const folder = tempFolder(t);
  const file = join(folder, "results.csv");
  fs.writeFileSync(file, "lr,seed,accuracy,host\n0.10,1,0.5,a\n0.1,2,0.75,b\n0.1,3,,b\n");
  for (const format of stores) {
    const store = join(folder, `runs${format}`);
    const options = {
      store,
      key: ["alpha", "seed"],
      rename: { lr: "alpha" },
      result: ["accuracy"],
      number: ["alpha"],
    };
    assert.deepEqual(await importStore(file, options), { read: 3, recorded: 3 });
    assert.deepEqual((await rowsIn(store)).map(withoutTimestamp), [
      { alpha: 0.1, seed: 1, "result.accuracy": 0.5 },
      { alpha: 0.1, seed: 2, "result.accuracy": 0.75 },
      { alpha: 0.1, seed: 3 },
    ]);
    const runs: number[] = [];
    const train = once(({ alpha, seed }: { alpha: number; seed: number }) => {
      runs.push(seed);
      return { accuracy: alpha };
    }, { store, save: true, quiet: true });
    assert.deepEqual(await train({ seed: 2, alpha: 0.1 }), { accuracy: 0.75 });
    assert.deepEqual(await train({ seed: 4, alpha: 0.1 }), { accuracy: 0.1 });
    assert.deepEqual(runs, [4]);
  }
});

test("identifiers of a foreign CSV are imported as text, and their runs are skipped", async (t) => {
  const folder = tempFolder(t);
  const file = join(folder, "identifiers.csv");
  fs.writeFileSync(file, "sample,tool,score\n007,3.10,1.0\n0010,3.9,0.75\n7,3.9,0.5\n");
  for (const format of stores) {
    const store = join(folder, `runs${format}`);
    const args = ["import", file, "--key", "sample,tool", "-s", store];
    const { out, err } = await stet(...args);
    assert.deepEqual(out, [`[stet] 3 runs recorded in ${store}`]);
    assert.deepEqual(err.map((line) => /Note: (\w+) is text/.exec(line)?.[1]), ["sample", "tool"]);
    assert.match((await stet(...args)).out.join(), /0 runs recorded .* 3 there already/);
    const again: string[] = [];
    const run = once(({ sample }: { sample: string; tool: string }) => {
      again.push(sample);
      return { score: 0 };
    }, { store, save: true, quiet: true });
    assert.deepEqual(await run({ sample: "007", tool: "3.10" }), { score: 1 });
    assert.deepEqual(await run({ sample: "0010", tool: "3.9" }), { score: 0.75 });
    assert.deepEqual(await run({ sample: "7", tool: "3.9" }), { score: 0.5 });
    assert.deepEqual(again, []);
  }
});

test("--text and --number decide by hand, whatever kind the file is of", async (t) => {
  const folder = tempFolder(t);
  fs.writeFileSync(join(folder, "a.csv"), "id,v,x\n7,3.10,1\n");
  fs.writeFileSync(join(folder, "a.jsonl"), '{"id": 7, "v": "3.10", "x": 1}\n');
  for (const name of ["a.csv", "a.jsonl"]) {
    const store = join(folder, `${name}-runs.csv`);
    const args = [join(folder, name), "--key", "key", "--rename", "id=key", "-s", store];
    const { err } = await stet("import", ...args, "--text", "key,x", "--number", "v");
    assert.deepEqual(err, []);
    assert.deepEqual((await rowsIn(store)).map(withoutTimestamp), [
      { key: "7", "result.v": 3.1, "result.x": "1" },
    ]);
  }
  const { code, err } = await stet("import", join(folder, "a.csv"), "--key", "id", "--text", "vv");
  assert.equal(code, 2);
  assert.match(err.join(), /"vv": did you mean "v"/);
});

test("an export of stet keeps its types when it is imported", async (t) => {
  const folder = tempFolder(t);
  const store = join(folder, "runs.sqlite"), copy = join(folder, "copy.csv");
  const backend = await openBackend(store);
  for (const id of ["007", 7, "None", null, "3.10", 3.1, true, "a"]) {
    await backend.record({ id, "result.x": 1 });
  }
  await backend.close();
  await stet("export", store, "-o", copy);
  const imported = join(folder, "imported.jsonl");
  const { err } = await stet("import", copy, "--key", "id", "-s", imported);
  assert.deepEqual(err, []);
  assert.deepEqual(await rowsIn(imported), await rowsIn(store));
});

test("columns that are not in the key become results; those of stet are kept", async (t) => {
  const folder = tempFolder(t);
  const file = join(folder, "results.jsonl");
  const time = "2026-01-02T03:04:05.678Z";
  fs.writeFileSync(
    file,
    `{"seed": 1, "loss": 0.5, "result.x": 1, "_stet_elapsed": 3, "_stet_timestamp": "${time}"}\n`,
  );
  const store = join(folder, "runs.csv");
  await importStore(file, { store, key: ["seed"], namespace: "train" });
  assert.deepEqual(await rowsIn(store), [{
    seed: 1,
    "result.loss": 0.5,
    "result.x": 1,
    _stet_namespace: "train",
    _stet_elapsed: 3,
    _stet_timestamp: time,
  }]);
});

test("runs that the store has are left as they are", async (t) => {
  const folder = tempFolder(t);
  const file = join(folder, "results.csv");
  fs.writeFileSync(file, "seed,loss\n1,0.5\n2,0.5\n2,0.5\n");
  for (const format of stores) {
    const store = join(folder, `runs${format}`);
    const backend = await openBackend(store);
    await backend.record({ seed: 1, "result.loss": 9 });
    await backend.close();
    const options = { store, key: ["seed"] };
    assert.deepEqual(await importStore(file, options), { read: 2, recorded: 1 });
    assert.deepEqual(await importStore(file, options), { read: 2, recorded: 0 });
    assert.deepEqual((await rowsIn(store)).map((row) => row["result.loss"]), [9, 0.5]);
  }
});

test("a text of a foreign JSON file is that text; in a store it is cell text", async (t) => {
  const folder = tempFolder(t);
  const rows = [{ seed: "1", note: "None" }, { seed: 1, note: null }];
  for (
    const [name, text] of [
      ["foreign.json", JSON.stringify(rows, null, 2)],
      ["foreign.jsonl", rows.map((row) => `${JSON.stringify(row)}\r\n`).join("")],
    ] as const
  ) {
    const file = join(folder, name), store = join(folder, `${name}.csv`);
    fs.writeFileSync(file, `\ufeff${text}`);
    await importStore(file, { store, key: ["seed"] });
    assert.deepEqual((await rowsIn(store)).map(withoutTimestamp), [
      { seed: "1", "result.note": "None" },
      { seed: 1, "result.note": null },
    ]);
  }
  const store = join(folder, "runs.json"), copy = join(folder, "copy.csv");
  const backend = await openBackend(store);
  await backend.record({ seed: "1", "result.note": "None" });
  await backend.close();
  await importStore(store, { store: copy, key: ["seed"] });
  assert.deepEqual(await rowsIn(copy), await rowsIn(store));
});

test("an import that cannot be made records nothing", async (t) => {
  const folder = tempFolder(t);
  const file = join(folder, "results.csv"), store = join(folder, "runs.csv");
  fs.writeFileSync(file, "alpha,seed,loss,result.loss\n1,1,1,1\n1,1,2,1\n,,3,1\n");
  const key = ["alpha", "seed"];
  const cases = [
    [{ key: [] }, /without a key/],
    [{ key: ["alhpa"] }, /"alhpa": did you mean "alpha"/],
    [{ key: ["loss", "result.loss"] }, /Cannot use "result.loss" as a param/],
    [{ key, rename: { lr: "alpha" } }, /Cannot find column "lr"/],
    [{ key, result: ["los"] }, /"los": did you mean "loss"/],
    [{ key }, /two columns as "result.loss"/],
    [{ key, rename: { loss: "alpha" } }, /two columns as "alpha"/],
    [{ key, result: [] }, /row 3 of .*has none of alpha, seed/],
  ] as const;
  for (const [options, message] of cases) {
    await assert.rejects(importStore(file, { store, ...options }), message);
  }
  fs.writeFileSync(file, "alpha,seed,loss\n1,1,1\n1,1,2\n");
  await assert.rejects(importStore(file, { store, key }), ConflictError);
  fs.writeFileSync(join(folder, "bad.json"), '[{"seed": 1}, 2]');
  const bad = importStore(join(folder, "bad.json"), { store, key: ["seed"] });
  await assert.rejects(bad, /Cannot read/);
  assert.deepEqual(filesIn(folder), ["bad.json", "results.csv"]);
});

test("stet import says what it recorded, and lists rows of one key that differ", async (t) => {
  const folder = tempFolder(t);
  const file = join(folder, "results.csv"), store = join(folder, "runs.sqlite");
  fs.writeFileSync(file, "lr,seed,loss\n1,1,1\n1,2,2\n");
  const args = [file, "-s", store, "--rename", "lr=alpha"];
  const first = await stet("import", ...args, "--key", "alpha,seed");
  assert.deepEqual([first.code, first.out], [0, [`[stet] 2 runs recorded in ${store}`]]);
  const second = await stet("import", ...args, "--key", "alpha,seed");
  assert.deepEqual(second.out, [`[stet] 0 runs recorded in ${store}; 2 there already`]);
  const third = await stet("import", ...args, "--key", "alpha");
  assert.equal(third.code, 1);
  assert.deepEqual(third.out, [
    "alpha=1",
    `  ${file}: result.seed: 1, result.loss: 1`,
    `  ${file}: result.seed: 2, result.loss: 2`,
  ]);
  for (
    const [args, code, message] of [
      [[], 2, /expected one file/],
      [[file], 2, /--key must name/],
      [[file, "--key", "sede"], 2, /did you mean "seed"/],
      [[file, "--key", "seed", "--rename", "lr"], 2, /--rename must be old=new/],
      [[join(folder, "no.csv"), "--key", "seed"], 3, /Cannot find store/],
    ] as const
  ) {
    const { err, code: found } = await stet("import", ...args);
    assert.equal(found, code, args.join(" "));
    assert.match(err.join(), message);
  }
});
