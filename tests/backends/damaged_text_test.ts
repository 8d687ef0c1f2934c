import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { FormatError, openBackend, type Row, verify } from "../../mod.ts";
import { rounds } from "../rounds.ts";
import { type Cleaned, tempStore } from "../temp_folder.ts";

const time = "2026-01-01T00:00:00.000Z";

async function load(store: string): Promise<Row[]> {
  const backend = await openBackend(store, { warn: () => {} });
  const rows = await backend.load();
  await backend.close();
  return rows.map(({ _stet_timestamp: _, ...row }) => row);
}

async function made(t: Cleaned, extension: string, rows: readonly Row[]): Promise<string> {
  const store = tempStore(t, `runs${extension}`);
  const backend = await openBackend(store, { durability: "process" });
  for (const row of rows) await backend.record({ ...row, _stet_timestamp: time });
  await backend.close();
  fs.utimesSync(store, 1e9, 1e9); // nobody is writing it
  return store;
}

function written(t: Cleaned, name: string, content: string | Uint8Array): string {
  const store = tempStore(t, name);
  fs.writeFileSync(store, content);
  fs.utimesSync(store, 1e9, 1e9);
  return store;
}

/** Neither a look nor a record changes the file; each names what is wrong. */
async function assertRefused(store: string, message: RegExp): Promise<void> {
  const bytes = fs.readFileSync(store);
  const backend = await openBackend(store, { warn: assert.fail });
  for (
    const use of [
      () => backend.load(),
      () => backend.has({ k: 1 }),
      () => backend.record({ k: 1 }),
    ]
  ) {
    await assert.rejects(async () => await use(), (error) => {
      assert(error instanceof FormatError, `${error}`);
      assert.match(error.message, message);
      return true;
    });
  }
  await backend.close();
  const findings = await verify(store);
  assert.match(findings.map(({ message }) => message).join("\n"), message);
  assert(fs.readFileSync(store).equals(bytes), "it is as it was");
  assert(!fs.existsSync(`${store}.torn`));
}

const rows: readonly Row[] = Array.from(
  { length: 30 },
  (_, k) => ({ k, text: `some "text" of ${k}`, list: [{ a: k }, { b: "x" }] }),
);

for (const extension of [".csv", ".json", ".jsonl"]) {
  test(`${extension}: NULs anywhere lose no row: an error names them, or only the last row is torn`, async (t) => {
    const store = await made(t, extension, rows);
    const whole = fs.readFileSync(store);
    const text = whole.toString();
    // Where each row begins, and where it is over.
    const starts = rows.map(({ k }) =>
      text.indexOf(extension === ".csv" ? `\n${k},` : `{"k": ${k},`)
    );
    const places = starts.map((start, n) => {
      const isLine = extension === ".csv";
      const end = text.indexOf(extension === ".json" ? 'Z"}' : "\n", start + 1);
      return { start: isLine ? start + 1 : start, end: end + (extension === ".json" ? 3 : 1), n };
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: places[0]!.start + 5, max: places.at(-1)!.end - 4 }),
        fc.integer({ min: 1, max: 100 }),
        async (at, length) => {
          const end = Math.min(at + length, places.at(-1)!.end - 3);
          const bytes = new Uint8Array(whole).fill(0, at, end);
          fs.writeFileSync(store, bytes);
          const before = places.filter((row) => row.end <= at).length;
          // A row whose line does not begin with a NUL was not lost.
          const isFollowed = places.some(({ start }) => start - 1 >= end);
          if (isFollowed) {
            const error = new RegExp(`NULs begin at byte ${at}\\b`);
            await assert.rejects(load(store), (thrown) => {
              assert(thrown instanceof FormatError);
              assert.match(thrown.message, error);
              return true;
            });
          } else assert.deepEqual(await load(store), rows.slice(0, before));
        },
      ),
      { numRuns: rounds(60) },
    );
  });
}

for (const extension of [".csv", ".jsonl"]) {
  test(`${extension}: verify --repair moves a row whose first block was lost aside, wherever it is`, async (t) => {
    const many: Row[] = [0, 1, 2, 3].map((k) => ({ k, text: "long ".repeat(2000) + k }));
    for (const lost of [1, 3]) {
      const store = await made(t, extension, many);
      const bytes = fs.readFileSync(store);
      const at = bytes.indexOf(extension === ".csv" ? `\n${lost},` : `{"k": ${lost}`) +
        (extension === ".csv" ? 1 : 0);
      bytes.fill(0, at, at + 4096);
      fs.writeFileSync(store, bytes);
      const findings = await verify(store, { repair: true });
      assert.equal(findings.length, 1);
      assert.match(findings[0]!.repaired!, /moved .* to ".*\.torn"/);
      assert.deepEqual(await verify(store), []);
      assert.deepEqual(await load(store), many.filter(({ k }) => k !== lost));
      const torn = fs.readFileSync(`${store}.torn`, "latin1");
      assert(torn.includes(`long ${lost}`) && torn.startsWith("\0"));
    }
  });
}

for (const extension of [".csv", ".jsonl"]) {
  test(`${extension}: verify --repair moves the rows with NULs aside, and no row of several lines with them`, async (t) => {
    const many: Row[] = Array.from({ length: 12 }, (_, k) => ({
      text: `"${k}" of\n\n${k % 3 === 0 ? "" : '"x", '}many, lines\n${k},"`.slice(
        k % 5 === 0 ? 4 : 0,
      ),
      k,
      note: k % 4 === 1 ? "plain" : `a\n${k}`,
    }));
    const store = await made(t, extension, many);
    const whole = fs.readFileSync(store);
    const ends: number[] = [];
    for (let at = whole.indexOf(time); at !== -1; at = whole.indexOf(time, at + 1)) {
      ends.push(whole.indexOf("\n", at) + 1);
    }
    const isCsv = extension === ".csv";
    const head = isCsv ? whole.indexOf("\n") + 1 : 0;
    const starts = [head, ...ends];
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: isCsv ? head + 2 : ends[0]!, max: whole.length - 2 }),
        fc.integer({ min: 1, max: 60 }),
        async (at, length) => {
          const end = Math.min(at + length, whole.length);
          fs.rmSync(`${store}.torn`, { force: true });
          fs.writeFileSync(store, new Uint8Array(whole).fill(0, at, end));
          fs.utimesSync(store, 1e9, 1e9);
          await verify(store, { repair: true });
          assert.deepEqual(await verify(store), []);
          // A row whose line begins with a NUL is lost with the row before it.
          const left = many.filter((_, n) => ends[n]! <= at || starts[n]! > end);
          assert.deepEqual(await load(store), left);
          assert(fs.readFileSync(`${store}.torn`).includes(0));
        },
      ),
      { numRuns: rounds(100) },
    );
  });
}

test("a .csv whose last quote is never closed is refused, and a row that was cut off in a quote is torn", async (t) => {
  const head = "k,text,_stet_timestamp\n";
  await assertRefused(
    written(t, "runs.csv", `${head}1,a,${time}\n2,"b,${time}\n`),
    /line 3: a quote that is opened here is never closed/,
  );
  await assertRefused(
    written(t, "runs.csv", `${head}1,a,${time}\n2,"b\nc\n3,"d\ne",${time}\n`),
    /never closed, and whole rows follow|goes on after its closing quote/,
  );
  for (const cut of [`2,"b\nc`, `2,"b\n\n`, `2,"b\n""c"", d,\n`, `2,"b\nc",2026-01-01`]) {
    assert.deepEqual(await load(written(t, "runs.csv", `${head}1,a,${time}\n${cut}`)), [
      { k: 1, text: "a" },
    ]);
  }
});

test("a NUL in a .json on one line is an error where whole rows follow", async (t) => {
  const text = JSON.stringify(Array.from({ length: 9 }, (_, k) => ({ k, x: "abc" })));
  for (const place of ['"abc"},{"k":3', '{"k":4', ',{"k":5', "4,", ":6"]) {
    const at = text.indexOf(place) + 1;
    const store = written(t, "runs.json", `${text.slice(0, at)}\0${text.slice(at + 1)}`);
    await assertRefused(store, new RegExp(`NULs begin at byte ${at}`));
  }
});

test("arrays one after another are an error that names the byte of the second's first row", async (t) => {
  for (
    const text of [
      '[{"k":1}][{"k":2}]',
      '[\n {"k": 1}\n]\n[\n {"k": 2}\n]\n',
      '[{"k":1}]\n{"k":2}\n',
      '[\n {"k": 1},]\n {"k": 2}\n]\n',
    ]
  ) {
    const store = written(t, "runs.json", text);
    await assertRefused(
      store,
      new RegExp(
        `the array ends at byte \\d+.* from byte ${
          text.indexOf('{"k":2') === -1 ? text.indexOf('{"k": 2') : text.indexOf('{"k":2')
        }\\b`,
      ),
    );
  }
});

test("a row of a .jsonl that is never closed takes no whole row with it", async (t) => {
  const store = written(t, "runs.jsonl", '{"k": 1}\n{"k": [2,\n{"k": 3}\n');
  await assertRefused(store, /line 2: the row that begins at byte 9 is never closed/);
});

const header = "alpha,seed,result,_stet_timestamp";

test("a header in the middle of a .csv is an error, and verify --repair reads the rows after it", async (t) => {
  const cases: readonly (readonly [second: string, row: string, expected: Row])[] = [
    [header, `2,1,201,${time}`, { alpha: 2, seed: 1, result: 201 }],
    ["seed,alpha,result,_stet_timestamp", `1,2,201,${time}`, { alpha: 2, seed: 1, result: 201 }],
    ["seed, alpha,result ,_stet_timestamp", `1,2,201,${time}`, { alpha: 2, seed: 1, result: 201 }],
    ["seed,beta,alpha,_stet_timestamp", `1,x,2,${time}`, { alpha: 2, seed: 1, beta: "x" }],
    ["seed,beta,alpha,result,_stet_timestamp", `1,x,2,201,${time}`, {
      alpha: 2,
      seed: 1,
      result: 201,
      beta: "x",
    }],
    ["alpha,seed", "2,1", { alpha: 2, seed: 1 }],
    ["\ufeff" + header, `2,1,"201",${time}`, { alpha: 2, seed: 1, result: 201 }],
  ];
  for (const [second, row, expected] of cases) {
    const text = `${header}\n1,2,102,${time}\n${second}\n${row}\n`;
    const store = written(t, "runs.csv", text);
    await assertRefused(store, /line 3: this is (?:the header again|another header)/);
    const [finding, ...others] = await verify(store, { repair: true });
    assert.deepEqual(others, [], second);
    assert.match(finding!.repaired!, /rows after it/);
    assert.deepEqual(await load(store), [{ alpha: 1, seed: 2, result: 102 }, expected], second);
    assert.deepEqual(await verify(store), []);
  }
});

test("a header in a .csv without timestamps is seen in any order, and rows with its words are kept", async (t) => {
  await assertRefused(
    written(t, "runs.csv", "a,b\n1,2\nb,a\n2,1\n"),
    /line 3: this is another header/,
  );
  const store = tempStore(t);
  const backend = await openBackend(store);
  const named: Row[] = [{ a: "a", b: "b" }, { a: "b", b: "a" }, { a: "_stet_timestamp", b: 1 }];
  for (const row of named) await backend.record(row);
  await backend.close();
  assert.deepEqual(await load(store), named);
});

test("marks of a merge conflict in a .csv are named", async (t) => {
  const text = `${header}\n<<<<<<< HEAD\n1,2,102,${time}\n=======\n1,2,103,${time}\n>>>>>>> b\n`;
  await assertRefused(written(t, "runs.csv", text), /line 2: this is a mark of a merge conflict/);
});
