import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fs from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { FormatError, once, openBackend, reset, status, StoreError, verify } from "../../mod.ts";
import { type Cleaned, tempStore } from "../temp_folder.ts";

/** All that opens a store; what writes must not write to one that is none. */
const doors: Readonly<Record<string, (store: string) => Promise<unknown>>> = {
  load: async (store) => await (await openBackend(store)).load(),
  record: async (store) => await (await openBackend(store)).record({ a: 1 }),
  has: async (store) => await (await openBackend(store)).has({ a: 1 }),
  once: (store) => once((_params: object) => assert.fail("it ran"), { store })({ a: 1 }),
  status: (store) => status(store, { quiet: true }),
  reset: (store) => reset(store, { a: 1 }, { quiet: true }),
};

/** Makes a database with some SQL; its bytes. */
function database(t: Cleaned, sql: string): Buffer {
  const path = tempStore(t, "made.db");
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
  return fs.readFileSync(path);
}

/** A store of 500 rows with a page in the middle overwritten. */
function damaged(t: Cleaned): Buffer {
  const rows = Array.from(
    { length: 500 },
    (_, i) => `INSERT INTO stet_records VALUES (${i}, 'x');`,
  );
  const bytes = database(t, `CREATE TABLE stet_records (a NUMERIC, b NUMERIC); ${rows.join("")}`);
  bytes.fill(0xff, 4096, 8192);
  return bytes;
}

const table = "CREATE TABLE stet_records (a NUMERIC); INSERT INTO stet_records VALUES (1);";
const cases: readonly (readonly [
  extension: string,
  what: string,
  bytes: string | ((t: Cleaned) => Buffer),
  parts: readonly string[],
])[] = [
  [".json", "an object", '{"a": 1}', ["JSON: line 1:", "expected an array of rows", '"{\\"a\\"']],
  [".json", "objects on lines", '{"a": 1}\n{"a": 2}\n', ["line 1:", "array", ".jsonl"]],
  [".json", "text", "hello\n", ["line 1:", "expected an array of rows", '"hello']],
  [".json", "numbers", "[\n1,\n2\n]\n", ["line 2:", "expected an object", '"1']],
  [".json", "a broken row", '[\n{"a": 1},\n{"a" 2},\n{"a": 3}\n]', ["line 3:", 'expected ":"']],
  [".json", "two commas", '[\n{"a": 1},,\n{"a": 3}\n]', ["line 2:", "expected an object"]],
  [".json", "a string over lines", '[\n{"a": "x\ny"}\n]', ["line 2:", "not closed on its line"]],
  [".json", "SQLite", (t) => database(t, table), ["line 1:", "an SQLite database"]],
  [".jsonl", "an array", '[{"a": 1}]\n', ["JSON Lines: line 1:", "each line", ".json"]],
  [".jsonl", "text", "hello\n", ["line 1:", "expected an object on each line"]],
  [".jsonl", "a broken line", '{"a": 1}\n{"a": }\n{"a": 3}\n', ["line 2:", "expected a value"]],
  [".jsonl", "two rows on a line", '{"a": 1} {"a": 2}\n', ["line 1:", "a newline after the row"]],
  [".sqlite", "text", "alpha,seed\n0.1,1\n".repeat(100), ["as SQLite", "another kind of file"]],
  [".sqlite", "another schema", (t) => database(t, "CREATE TABLE users (a)"), [
    '"users"',
    "no table stet_records",
    "choose another file",
  ]],
  [".sqlite", "a newer version", (t) => database(t, `${table} PRAGMA user_version = 99;`), [
    "a newer version of stet (99)",
    "update stet",
  ]],
  [".sqlite", "a damaged page", damaged, ["as SQLite", "damaged", ".recover"]],
];

for (const [extension, what, given, parts] of cases) {
  test(`a ${extension} that holds ${what} is refused, and left as it is`, async (t) => {
    const store = tempStore(t, `runs${extension}`);
    const bytes = typeof given === "string" ? Buffer.from(given) : given(t);
    fs.writeFileSync(store, bytes);
    for (const [door, use] of Object.entries(doors)) {
      // What writes need not come by the damaged page, and counts its tries in the header.
      if (what === "a damaged page" && (door === "record" || door === "reset")) continue;
      await assert.rejects(use(store), (error) => {
        assert(error instanceof FormatError, `${door}: ${error}`);
        for (const part of [store, ...parts]) {
          assert(error.message.includes(part), `${door}: "${error.message}" lacks "${part}"`);
        }
        return true;
      });
      assert(fs.readFileSync(store).equals(bytes), `${door} changed it`);
    }
  });
}

for (
  const [extension, text] of [
    [".json", '[\n{"a": "[1 2]"},\n{"a": [1 2], "b": 1}\n]\n'],
    [".jsonl", '{"a": "[1 2]"}\n{"a": [1 2], "b": 1}\n'],
  ] as const
) {
  test(`a nested value of a ${extension} that is no JSON is refused where it is read`, async (t) => {
    const store = tempStore(t, `runs${extension}`);
    fs.writeFileSync(store, text);
    const line = extension === ".json" ? /line 3: .*JSON/ : /line 2: .*JSON/;
    await assert.rejects(doors.load!(store), line);
    const [finding, ...others] = await verify(store);
    assert.equal(finding!.kind, "unreadable");
    assert.match(finding!.message, line);
    assert.deepEqual(others, []);
    const backend = await openBackend(store);
    assert(await backend.has({ b: 1 }));
    await assert.rejects(async () => await backend.has({ a: 1 }), line);
    await backend.close();
  });
}

test("text after the end of a .json is kept in another file by the next record", async (t) => {
  const store = tempStore(t, "runs.json");
  fs.writeFileSync(store, '[\n {"a": 1}\n]\n<<<<<<< HEAD\n');
  fs.utimesSync(store, 1e9, 1e9);
  const messages: string[] = [];
  const backend = await openBackend(store, { warn: (message) => messages.push(message) });
  assert.deepEqual(await backend.load(), [{ a: 1 }]);
  await backend.record({ a: 2 });
  await backend.close();
  assert.equal(JSON.parse(fs.readFileSync(store, "utf8")).length, 2);
  assert.equal(fs.readFileSync(`${store}.torn`, "utf8"), "\n]\n<<<<<<< HEAD\n");
  assert.equal(messages.length, 1);
});

for (
  const [what, bytes, message] of [
    [
      "a pointer of Git LFS",
      "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 4\n",
      /Git LFS/,
    ],
    ["a page of HTML", "<!doctype html>\n<title>Sign in</title>\n", /HTML/],
    ["a page of HTML", "\ufeff \n<html><body>\n", /HTML/],
    ["XML", '<?xml version="1.0"?>\n<a/>\n', /XML/],
    ["gzip", new Uint8Array([0x1f, 0x8b, 8, 0, 1, 2, 3, 10]), /gzip/],
    ["a spreadsheet", new Uint8Array([0x50, 0x4b, 3, 4, 20, 0, 0, 10]), /ZIP/],
    ["UTF-16", Buffer.from("\ufeff[a,b]\n1,2\n", "utf16le"), /UTF-16/],
    ["a merge conflict", "<<<<<<< HEAD\na,b\n=======\na,c\n>>>>>>> b\n", /merge conflict/],
  ] as const
) {
  test(`${what} is refused by its kind, whatever its extension, before anything runs`, async (t) => {
    for (const extension of [".csv", ".json", ".jsonl"]) {
      const store = tempStore(t, `runs${extension}`);
      fs.writeFileSync(store, bytes);
      for (const use of Object.values(doors)) {
        await assert.rejects(use(store), (error) => {
          assert(error instanceof FormatError, `${error}`);
          assert.match(error.message, message);
          return true;
        });
      }
      assert.match((await verify(store)).map(({ message }) => message).join(), message);
      assert.deepEqual(fs.readFileSync(store), Buffer.from(bytes as string));
    }
  });
}

test("a file that stet did not write, without a column of the key, is read but not written into", async (t) => {
  for (
    const [extension, text] of [
      [".csv", "name,size\na,1\n"],
      [".csv", "hello\nworld\n"],
      [".json", '[{"name": "a"}]'],
      [".jsonl", '{"name": "a"}\n'],
    ] as const
  ) {
    const store = tempStore(t, `runs${extension}`);
    fs.writeFileSync(store, text);
    await assert.rejects(
      doors["once"]!(store),
      /stet did not write it.*other columns \("(?:name|hello)"/,
    );
    assert.equal(fs.readFileSync(store, "utf8"), text);
    assert.equal((await (await openBackend(store)).load()).length, 1);
    await status(store, { quiet: true });
  }
  const store = tempStore(t);
  fs.writeFileSync(store, "a,note\n1,by hand\n");
  const seen: number[] = [];
  const run = once(({ a }: { a: number }) => void seen.push(a), { store, quiet: true });
  for (const a of [1, 2]) await run({ a });
  assert.deepEqual(seen, [2]);
});

test("an empty file is an empty store, of whatever kind", async (t) => {
  for (const extension of [".csv", ".json", ".jsonl", ".sqlite"]) {
    const store = tempStore(t, `runs${extension}`);
    fs.writeFileSync(store, "");
    const backend = await openBackend(store);
    assert.deepEqual(await backend.load(), [], extension);
    await backend.record({ a: 1 });
    assert.deepEqual((await backend.load()).map(({ a }) => a), [1], extension);
    await backend.close();
  }
});

test("a folder named like a store is refused, of whatever kind", async (t) => {
  for (const extension of [".json", ".jsonl", ".sqlite"]) {
    const store = tempStore(t, `x${extension}`);
    fs.mkdirSync(store);
    await assert.rejects(doors.load!(store), (error) => {
      assert(error instanceof StoreError, `${error}`);
      assert(error.message.includes(store));
      return true;
    });
    assert.deepEqual(fs.readdirSync(store), []);
  }
});
