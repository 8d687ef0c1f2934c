import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DatabaseSync } from "node:sqlite";
import { main } from "../../cli.ts";
import { table } from "../../backends/table.ts";
import type { Finding } from "../../core/contract/engine.ts";
import { Registry } from "../../core/contract/registry.ts";
import { verify as verifyStore } from "../../core/tools/verify_store.ts";
import { once, type Row, Store } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { runtimes } from "../runtimes.ts";
import { tempFolder } from "../temp_folder.ts";
import { filesIn, inWorkshop } from "../workers/worker_process.ts";

const verify = verifyStore.bind(undefined, new Registry(table));
const formats = Object.keys(table).filter((name) => /^\.(?:csv|json|jsonl|sqlite)$/.test(name));
const texts = formats.filter((name) => name !== ".sqlite");

async function makeStore(store: string, rows: readonly Row[]): Promise<string> {
  const backend = await openEngine(store, { durability: "process" });
  for (const row of rows) await backend.record(row);
  await backend.close();
  return store;
}

async function rowsIn(store: string): Promise<Row[]> {
  const backend = await openEngine(store);
  const rows = await backend.load();
  await backend.close();
  return rows.map(({ _stet_timestamp: _, ...row }) => row);
}

function kinds(findings: readonly Finding[]): string[] {
  return findings.map(({ kind, repaired }) => repaired === undefined ? kind : `${kind}: repaired`);
}

/** Verifies three times: as it is, with repair, and after it. */
async function thrice(store: string): Promise<(readonly Finding[])[]> {
  const bytes = fs.readFileSync(store);
  const before = await verify(store);
  assert.deepEqual(fs.readFileSync(store), bytes, "without repair it is left as it is");
  return [before, await verify(store, { repair: true }), await verify(store)];
}

test("verify finds a row that was cut off, and moves it aside", async (t) => {
  const folder = tempFolder(t);
  for (const format of texts) {
    const store = await makeStore(join(folder, `runs${format}`), [{ seed: 1 }, { seed: 2 }]);
    const whole = fs.readFileSync(store, "utf8");
    const torn = whole.slice(0, whole.lastIndexOf("Z") - 5);
    fs.writeFileSync(store, torn);
    const [before, repaired, after] = await thrice(store);
    assert.deepEqual(kinds(before!), ["torn"], format);
    assert.match(before![0]!.message, /^the last \d+ bytes of ".*" are a row that was cut off$/);
    assert.deepEqual(kinds(repaired!), ["torn: repaired"]);
    assert.deepEqual(after, []);
    assert.deepEqual(await rowsIn(store), [{ seed: 1 }]);
    assert.ok(torn.endsWith(fs.readFileSync(`${store}.torn`, "utf8")));
    assert.deepEqual(filesIn(folder), [`runs${format}`, `runs${format}.torn`]);
    fs.rmSync(store);
    fs.rmSync(`${store}.torn`);
  }
});

test("verify tells each line that cannot be read, and changes nothing", async (t) => {
  const folder = tempFolder(t);
  const cases: readonly (readonly [string, string | Uint8Array, readonly RegExp[]])[] = [
    ["a.csv", "a,b\n1,2\n1\n1,2\n1,2,3\n1,2\n", [/line 3: /, /line 5: /]],
    ["b.csv", new Uint8Array([0x61, 10, 0x31, 10, 0xff, 10, 0x32, 10]), [/line 3: .*UTF-8/]],
    ["c.csv", 'a,b\n1,2\n1,"2\n1,2\n', [/line 3: a quote/]],
    ["d.csv", "", []],
    ["e.csv", "PAR1", [/Parquet/i]],
    ["f.jsonl", '{"a": 1}\n[1]\n{"a": [1 2]}\n{"a": 2}\n{"b" 1}\n', [
      /line 2: /,
      /line 3: /,
      /line 5: /,
    ]],
    ["g.json", '[\n{"a": 1},\n{"a" 1},\n{"b" 1}\n]\n', [/line 3: /]],
    ["h.sqlite", "this is no database", [/byte 0/]],
  ];
  for (const [name, content, messages] of cases) {
    const store = join(folder, name);
    fs.writeFileSync(store, content);
    for (const repair of [false, true]) {
      const findings = await verify(store, { repair });
      assert.deepEqual(kinds(findings), messages.map(() => "unreadable"), name);
      for (const [i, { message }] of findings.entries()) assert.match(message, messages[i]!);
    }
    assert.deepEqual(fs.readFileSync(store), Buffer.from(content as string));
  }
  const many = join(folder, "many.csv");
  fs.writeFileSync(many, `a,b\n${"1\n".repeat(100_000)}1,2\n`);
  assert.equal((await verify(many)).length, 20);
});

test("verify removes rows that equal an earlier one, and lists rows of one key that differ", async (t) => {
  const folder = tempFolder(t);
  for (const format of formats) {
    const store = await makeStore(join(folder, `runs${format}`), [
      { seed: 1, "result.loss": 0.5 },
      { seed: 2, "result.loss": 0.5 },
      { seed: 1, "result.loss": 0.5, _stet_elapsed: 2 },
      { seed: 1, "result.loss": 0.5 },
    ]);
    const [before, repaired, after] = await thrice(store);
    assert.deepEqual(kinds(before!), ["repeated"], format);
    assert.equal(before![0]!.message, "2 rows equal an earlier one");
    assert.deepEqual(kinds(repaired!), ["repeated: repaired"]);
    assert.deepEqual(after, []);
    assert.deepEqual(await rowsIn(store), [
      { seed: 1, "result.loss": 0.5 },
      { seed: 2, "result.loss": 0.5 },
    ]);
    await makeStore(store, [{ seed: 2, "result.loss": 1 }]);
    for (const findings of await thrice(store)) {
      assert.deepEqual(kinds(findings), ["conflict"]);
      assert.match(findings[0]!.message, /^1 key has rows that differ.*:\n {2}seed=2\n/);
      assert.match(findings[0]!.message, /result\.loss: 0\.5.*\n.*result\.loss: 1/);
    }
    assert.equal((await rowsIn(store)).length, 3);
  }
});

test("verify finds what killed processes left, and nothing of those that live", () =>
  inWorkshop(async ({ folder, startStoreWorker }) => {
    for (const [i, runtime] of runtimes.entries()) {
      for (const format of formats) {
        const name = `runs${i}${format}`;
        const store = await makeStore(join(folder, name), [{ seed: 0 }]);
        const worker = startStoreWorker(runtime);
        assert.deepEqual(await worker.ask("claim", store, "a"), { state: "claimed" });
        const files = (): string[] => filesIn(folder).filter((name) => !name.endsWith("-journal"));
        const alive = files();
        for (const repair of [false, true]) assert.deepEqual(await verify(store, { repair }), []);
        assert.deepEqual(files(), alive);
        worker.signal("SIGKILL");
        await worker.ended;
        assert.deepEqual(kinds(await verify(store)), ["leftover"], `${runtime.name} ${format}`);
        assert.deepEqual(files(), alive);
        assert.deepEqual(kinds(await verify(store, { repair: true })), ["leftover: repaired"]);
        assert.deepEqual(filesIn(folder), [name]);
        fs.rmSync(store);
      }
    }
  }));

test("verify removes files that were being written anew, and damaged state files", async (t) => {
  const folder = tempFolder(t);
  for (const format of formats) {
    const store = await makeStore(join(folder, `runs${format}`), [{ seed: 1 }]);
    const uuid = crypto.randomUUID();
    const left = [
      `.stet-${uuid}-runs${format}`,
      `.stet-${uuid}-runs${format}-wal`,
      `runs${format}-state.unreadable`,
      ...format === ".sqlite" ? [] : [`.runs${format}.tmp`],
    ].sort();
    const other = `.stet-${crypto.randomUUID()}-runs${format}l`; // of "runs.jsonl" if this is "runs.json"
    for (const name of [...left, other]) fs.writeFileSync(join(folder, name), "");
    const before = await verify(store);
    assert.deepEqual(kinds(before), left.slice(1).map(() => "leftover"));
    assert.deepEqual(filesIn(folder), [...left, other, `runs${format}`].sort());
    const repaired = await verify(store, { repair: true });
    assert.deepEqual(kinds(repaired), left.slice(1).map(() => "leftover: repaired"));
    assert.deepEqual(filesIn(folder), [other, `runs${format}`].sort());
    fs.rmSync(join(folder, other));
    fs.rmSync(store);
  }
});

test("verify keeps failures that are noted", async (t) => {
  const store = join(tempFolder(t), "runs.csv");
  const work = once((_seed: number) => {
    throw new Error("no");
  }, { store, quiet: true });
  await assert.rejects(work(1));
  assert.deepEqual(await verify(store, { repair: true }), []);
  const backend = await openEngine(store);
  assert.equal((await backend.failures()).length, 1);
  await backend.close();
});

test("verify finds records without their result file, in any kind of store", async (t) => {
  const folder = tempFolder(t);
  for (const format of formats) {
    const index = join(folder, `index${format}`);
    const store = new Store({
      runner: ({ resultFile }) => fs.writeFileSync(resultFile, "done"),
      store: format === ".sqlite" ? `sqlite:///${index}` : index,
      resultsDir: join(folder, `results${format}`),
    });
    const records = await store.sweep([{ n: 1 }, { n: 2 }]);
    await store.close();
    assert.deepEqual(await verify(index), []);
    fs.rmSync(records[1]!.resultFile);
    for (const repair of [false, true]) {
      const findings = await verify(index, { repair });
      assert.deepEqual(kinds(findings), ["missing result"]);
      assert(findings[0]!.message.includes(records[1]!.resultFile));
    }
  }
});

test("verify finds damaged pages of a database", async (t) => {
  const rows = Array.from({ length: 500 }, (_, seed) => ({ seed, text: "x".repeat(100) }));
  const store = await makeStore(join(tempFolder(t), "runs.sqlite"), rows);
  const bytes = fs.readFileSync(store);
  bytes.fill(0xff, 8192, 8192 + 4096);
  fs.writeFileSync(store, bytes);
  for (const repair of [false, true]) {
    const findings = await verify(store, { repair });
    assert.ok(findings.length > 0);
    assert.deepEqual([...new Set(kinds(findings))], ["unreadable"]);
    assert.match(findings[0]!.message, /damaged.*\.recover/);
  }
  assert.deepEqual(fs.readFileSync(store), bytes);
});

test("verify mends a table that Python's stet made", async (t) => {
  const store = join(tempFolder(t), "runs.db");
  const db = new DatabaseSync(store);
  db.exec(`CREATE TABLE stet_records ("seed" TEXT, "_stet_timestamp" TEXT);
    INSERT INTO stet_records VALUES ('1', 'a'), ('1', 'b'), ('2', 'c')`);
  db.close();
  assert.deepEqual(kinds(await verify(store, { repair: true })), ["repeated: repaired"]);
  assert.deepEqual(await rowsIn(store), [{ seed: 1 }, { seed: 2 }]);
});

test("stet verify says what it found and did, and exits with 1 while something is left", async (t) => {
  const folder = tempFolder(t);
  const stet = async (
    ...args: string[]
  ): Promise<{ out: string[]; err: string[]; code: number }> => {
    const out: string[] = [], err: string[] = [];
    const code = await main(["verify", ...args], {
      log: (line) => out.push(line),
      error: (line) => err.push(line),
    });
    return { out, err, code };
  };
  const store = await makeStore(join(folder, "runs.csv"), [{ seed: 1 }, { seed: 1 }, { seed: 2 }]);
  fs.appendFileSync(store, "3,2026");
  const found = await stet(store);
  assert.equal(found.code, 1);
  assert.deepEqual(found.out, [
    `torn: the last 6 bytes of "${fs.realpathSync(store)}" are a row that was cut off`,
    "repeated: 1 row equals an earlier one",
    "[stet] 2 found; --repair mends what loses nothing",
  ]);
  const json = (await stet(store, "--json")).out.map((line) => JSON.parse(line));
  assert.deepEqual(json.map(({ kind }) => kind), ["torn", "repeated"]);
  const repaired = await stet(store, "--repair");
  assert.equal(repaired.code, 0);
  assert.equal(repaired.out.at(-1), "[stet] 2 found, 2 repaired");
  assert.match(repaired.out[0]!, /moved them to ".*runs\.csv\.torn"$/);
  assert.deepEqual(await stet(store), { out: ["[stet] Nothing is wrong"], err: [], code: 0 });
  fs.mkdirSync(join(folder, "no.csv-logs")); // is left by programs whose failures were forgotten
  const none = await stet(join(folder, "no.csv"));
  assert.equal(none.code, 3);
  assert.match(none.err.join(), /Cannot find store/);
});

test("verify tells white space around names of a header, and writes them without it", async (t) => {
  const store = join(tempFolder(t), "runs.csv");
  fs.writeFileSync(store, "\ufeffa, b ,_stet_timestamp\n1, 2,2026-01-01T00:00:00.000Z\n");
  const [before, repaired, after] = await thrice(store);
  assert.deepEqual(kinds(before!), ["header"]);
  assert.match(before![0]!.message, /names of the header does not count: " b "$/);
  assert.deepEqual(kinds(repaired!), ["header: repaired"]);
  assert.deepEqual(after, []);
  assert.equal(
    fs.readFileSync(store, "utf8"),
    "\ufeffa,b,_stet_timestamp\n1, 2,2026-01-01T00:00:00.000Z\n",
  );
});
