import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fs from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { CsvBackend } from "../../backends/text/csv.ts";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import {
  FormatError,
  ls,
  once,
  type OnceOptions,
  openBackend,
  reset,
  type Row,
  status,
  StoreError,
} from "../../mod.ts";
import { fill, mount, smallFolder, whyNoMount } from "../small_disk.ts";
import { type Cleaned, tempFolder, tempStore } from "../temp_folder.ts";

/** Each way in which a person comes to a store. The function of `once` must not run. */
const doors: readonly (readonly [name: string, go: (store: string) => Promise<unknown>])[] = [
  ["openBackend() and load()", (store) => withBackend(store, (backend) => backend.load())],
  ["openBackend() and has()", (store) => withBackend(store, (backend) => backend.has({ a: 1 }))],
  ["openBackend() and record()", (store) => withBackend(store, (b) => b.record({ a: 1 }))],
  ["openBackend() and remove()", (store) => withBackend(store, (b) => b.remove({ a: 1 }))],
  ["openBackend() and clear()", (store) => withBackend(store, (backend) => backend.clear())],
  ["status()", (store) => status(store, { quiet: true })],
  ["ls()", (store) => ls(store, { quiet: true })],
  ["reset()", (store) => reset(store, undefined, { quiet: true, yes: true })],
  ["reset() with columns", (store) => reset(store, { a: 1 }, { quiet: true })],
  ["once()", async (store) => {
    await once((a: number) => assert.fail(`it ran ${a}`), { store, quiet: true })(1);
  }],
];

async function withBackend<T>(
  store: string,
  use: (backend: Awaited<ReturnType<typeof openBackend>>) => T,
): Promise<Awaited<T>> {
  const backend = await openBackend(store);
  try {
    return await use(backend);
  } finally {
    await backend.close();
  }
}

/** Goes through each door, and sees that each says what, where and what to do. */
async function assertRefused(
  store: string,
  kind: new (message: string) => Error,
  parts: readonly (string | RegExp)[],
  through = doors,
): Promise<void> {
  for (const [door, go] of through) {
    await assert.rejects(go(store), (error) => {
      assert(error instanceof kind, `${door}: ${error}`);
      for (const part of parts) {
        const isThere = typeof part === "string"
          ? error.message.includes(part)
          : part.test(error.message);
        assert(isThere, `${door}: "${error.message}" lacks ${part}`);
      }
      return true;
    });
  }
}

test("a store of an unknown extension is refused, and the known ones are listed", async (t) => {
  const folder = tempFolder(t);
  for (const name of ["runs.xlsx", "runs", "runs.csv.bak", "csv"]) {
    const store = join(folder, name);
    await assertRefused(store, StoreError, [store, "extension must be one of", ".csv"]);
  }
  await assert.rejects(openBackend(""), /without a name.*"runs\.csv"/);
  assert.deepEqual(fs.readdirSync(folder), []);
});

test("a folder named like a store is refused", async (t) => {
  const store = tempStore(t, "x.csv");
  fs.mkdirSync(store);
  await assertRefused(store, StoreError, [store, "is a folder", "give the path of a file"]);
  assert.deepEqual(fs.readdirSync(store), []);
});

test("a store in a folder that is not there is refused, and the folder not made", async (t) => {
  const folder = tempFolder(t);
  const store = join(folder, "results", "x.csv");
  await assertRefused(store, StoreError, [store, `no folder "${join(folder, "results")}"`, "make"]);
  assert.deepEqual(fs.readdirSync(folder), []);
});

test("status() and ls() of a store that is not there say to check the path", async (t) => {
  const store = tempStore(t);
  for (const see of [status, ls]) {
    await assert.rejects(see(store), (error) => {
      assert(error instanceof StoreError);
      assert.match(error.message, /no such file.*made by the first run.*check the path/);
      assert(error.message.includes(store));
      return true;
    });
  }
  await assert.rejects(ls(store, { limit: 0 }), {
    name: "RangeError",
    message: /list rows with limit 0: it must be a whole number from 1/,
  });
  for (const limit of [-1, 1.5, NaN]) await assert.rejects(ls(store, { limit }), RangeError);
});

function sqliteBytes(t: Cleaned): Uint8Array {
  const path = tempStore(t, "made.db");
  const db = new DatabaseSync(path);
  db.exec("CREATE TABLE stet_records (a TEXT)");
  db.close();
  return fs.readFileSync(path);
}

const ragged = "as in the header";
const unlike: readonly (readonly [
  what: string,
  bytes: string | Uint8Array | ((t: Cleaned) => Uint8Array),
  line: number,
  parts: readonly (string | RegExp)[],
])[] = [
  ["JSON", '[\n  {"a": 1}\n]\n', 1, ["JSON", "header of column names"]],
  ["JSON Lines", '{"a": 1}\n{"a": 2}\n', 1, ["JSON", "header of column names"]],
  ["an SQLite database", sqliteBytes, 1, ["SQLite database"]],
  ["Parquet", "PAR1\x15\x04\x15\x0c", 1, ["Parquet"]],
  ["Arrow", "ARROW1\0\0\xff", 1, ["Arrow"]],
  ["UTF-16", Buffer.from("\ufeffa,b\n1,2\n", "utf16le"), 1, ["UTF-16", "UTF-8"]],
  ["UTF-16 without a mark", Buffer.from("a,b\n1,2\n", "utf16le"), 1, ["not text"]],
  ["Latin-1 in the header", Buffer.from("a,größe\n1,2\n", "latin1"), 1, ["not UTF-8", "save"]],
  ["binary", Buffer.from([0, 1, 2, 3, 10, 255, 254, 10]), 1, ["not text"]],
  ["a name twice", "a,b,a\n1,2,3\n", 1, ['two columns "a"', "rename"]],
  ["an empty name", ",a\n0,1\n", 1, ["column 1", "no name", "name it"]],
  ["semicolons", "a;b\n1;2\n", 1, ["separated by something else than commas", "save"]],
  ["tabs", "a\tb\n1\t2\n", 1, ["separated by something else than commas", "save"]],
  ["a row too short", "a,b\n1,2\n3\n4,5\n", 3, ["expected 2 fields", ragged, "found 1"]],
  ["a row too long", "a,b\n1,2\n3,4,5\n6,7\n", 3, ["expected 2 fields", ragged, "found 3"]],
  ["short after quoted newlines", 'a,b\n"x\ny\r\n",2\n3\n1,1\n', 5, ["expected 2", "found 1"]],
  ["short after CRLF", "a,b\r\n1,2\r\n3\r\n1,1\r\n", 3, ["expected 2", "found 1"]],
  ["short after blank lines", "a,b\n\n1,2\n\n3\n1,1\n", 5, ["expected 2", "found 1"]],
  ["text after a quote", 'a,b\n1,2\n"3"x,4\n5,6\n', 3, ["goes on after its closing quote"]],
];

for (const [what, given, line, parts] of unlike) {
  test(`a .csv that holds ${what} is refused with its line, and left as it is`, async (t) => {
    const store = tempStore(t, "x.csv");
    const bytes = typeof given === "function" ? given(t) : Buffer.from(given as string, "latin1");
    fs.writeFileSync(store, bytes);
    await assertRefused(store, FormatError, [store, "CSV", `line ${line}:`, ...parts]);
    assert(fs.readFileSync(store).equals(bytes), "it was changed");
    const left = fs.readdirSync(join(store, "..")).filter((name) => name !== "x.csv-state");
    assert.deepEqual(left, ["x.csv"]);
  });
}

test("a .csv with a cell in Latin-1 is refused with its line, whichever column it is in", async (t) => {
  const store = tempStore(t);
  for (const line of ["ß,z", "3,ß"]) {
    const bytes = Buffer.from(`a,b\n1,x\n2,y\n${line}\n4,z\n`, "latin1");
    fs.writeFileSync(store, bytes);
    await assertRefused(store, FormatError, [store, "line 4:", "not UTF-8", "save"]);
    assert(fs.readFileSync(store).equals(bytes), "it was changed");
  }
});

test("a ragged line that is far into a file is named by its number", async (t) => {
  const store = tempStore(t);
  const lines = ["a,b"];
  for (let i = 2; i < 60_000; i++) lines.push(`${i},some text to fill pieces`);
  lines[40_000 - 1] = "1,2,3";
  fs.writeFileSync(store, lines.join("\n"));
  await assert.rejects(status(store, { quiet: true }), /line 40000: expected 2 fields/);
});

test("a param of a reserved or empty name is refused before anything runs", async (t) => {
  const store = tempStore(t);
  const work = once((_params: object) => assert.fail("it ran"), { store, quiet: true });
  for (const name of ["_stet_x", "_stet_timestamp", "result", "result.x"]) {
    await assert.rejects(work({ a: 1, [name]: 2 }), (error) => {
      assert(error instanceof TypeError);
      assert.match(error.message, /Cannot use ".*" as a param: .*stet's own; rename the param/);
      assert(error.message.includes(`"${name}"`));
      return true;
    });
  }
  for (const name of ["", "a\nb", "a\0", "\ud800"]) {
    await assert.rejects(work({ [name]: 2 }), {
      name: "TypeError",
      message: /Cannot use ".*" as a param: a name needs .* rename the param/,
    });
  }
  assert.throws(() => once(({ result }: { result: number }) => result, { store }), {
    name: "TypeError",
    message: /"result" as a param/,
  });
  assert.throws(() => once((_stet_x: number) => {}, { store }), /"_stet_x" as a param/);
  assert.equal(fs.existsSync(store), false);
});

test("a param that no cell can hold is refused by its path, before anything runs", async (t) => {
  const store = tempStore(t);
  const work = once((_params: object) => assert.fail("it ran"), { store, quiet: true });
  class Model {}
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const refused: readonly (readonly [params: object, path: string, what: RegExp])[] = [
    [{ cfg: { opt: () => 1 } }, "params.cfg.opt", /a function.*pass its name/],
    [{ map: new Map() }, "params.map", /a Map.*Object\.fromEntries/],
    [{ xs: [1, new Set()] }, "params.xs[1]", /a Set.*\[\.\.\.set\]/],
    [{ model: new Model() }, "params.model", /an instance of Model.*plain object/],
    [{ cycle }, "params.cycle.self", /a cycle/],
    [{ mark: Symbol("x") }, "params.mark", /a symbol/],
    [{ when: new Date(NaN) }, "params.when", /an invalid Date/],
    [{ later: Promise.resolve(1) }, "params.later", /a Promise.*await/],
    [{ xs: [undefined] }, "params.xs[0]", /undefined inside an array.*null/],
  ];
  for (const [params, path, what] of refused) {
    await assert.rejects(work(params), (error) => {
      assert(error instanceof TypeError, String(error));
      assert(error.message.startsWith(`Cannot use ${path} as a value`), error.message);
      assert.match(error.message, what);
      return true;
    });
    await assert.rejects(work.has(params), TypeError);
    await assert.rejects(work.outcome(params), TypeError);
  }
  assert.equal(fs.existsSync(store), false);

  const passing = once(({ a }: { a: number; client: unknown }) => a, {
    store: tempStore(t),
    key: ["a"],
    quiet: true,
  });
  assert.equal(await passing({ a: 1, client: () => 1 }), 1, "outside the key anything goes");
});

test("record() refuses what a cell cannot hold, and leaves the file as it was", async (t) => {
  const store = tempStore(t);
  fs.writeFileSync(store, "a\n1\n");
  for (const value of [new Map(), () => 1, Symbol("x"), new (class Model {})()]) {
    const row = { a: 2, b: value } as unknown as Row;
    await withBackend(store, async (backend) => {
      await assert.rejects(async () => await backend.record(row), {
        name: "TypeError",
        message: /Cannot use row\.b as a value/,
      });
    });
    assert.equal(fs.readFileSync(store, "utf8"), "a\n1\n");
  }
});

test("a function whose params cannot be named is refused when it is wrapped", () => {
  const refused: readonly (readonly [fn: () => unknown, parts: RegExp])[] = [
    [() => once(Math.max), /native or bound.*paramNames: \["alpha", "seed"\]/],
    [() => once(((a: number) => a).bind(null)), /native or bound.*paramNames/],
    [() => once(([a]: number[]) => a), /parameter 1 is destructured.*paramNames: \["arg1"\]/],
    [
      () => once((_a: number, _b: number = Date.now()) => 1),
      /default of "_b" is computed.*key: \["_a"\]/,
    ],
    [
      () =>
        once((_a: number) => 1, { key: ["seed", "_b"] as unknown as never[], paramNames: ["_a"] }),
      /"seed", "_b".*no such parameter.*parameters are _a/,
    ],
    [
      () => once(({ alpha }: { alpha: number }) => alpha, { key: ["alhpa" as "alpha"] }),
      /"alhpa".*no such field.*did you mean "alpha"/,
    ],
    [() => once((_a: number) => 1, { key: [] }), /key.*is empty/],
    [() => once((_a: number) => 1, { namespace: "" }), /namespace is empty.*leave it out/],
    [() => once(5 as unknown as () => void), /takes a function and then options.*got number/],
    [() => once(null as unknown as () => void), /takes a function.*got null/],
    [() => once(() => 1, 5 as unknown as OnceOptions<never>), /takes a function and then options/],
    [() => once({})(7 as unknown as () => void), /takes a function.*got number/],
  ];
  for (const [i, [wrap, message]] of refused.entries()) {
    assert.throws(wrap, { name: "TypeError", message }, `case ${i}`);
  }
});

test("a default that no cell can hold is refused by its name", async (t) => {
  const work = once(({ a }: { a: number; b?: unknown }) => assert.fail(`it ran ${a}`), {
    store: tempStore(t),
    key: ["a"],
    defaults: { b: new Map() },
    quiet: true,
  });
  await assert.rejects(work({ a: 1 }), { name: "TypeError", message: /defaults\.b.*a Map/ });
});

test("a call without the params object says what was expected", async (t) => {
  const work = once(({ a, b }: { a: number; b: number }) => a + b, {
    store: tempStore(t),
    quiet: true,
  });
  const call = work as unknown as (...args: unknown[]) => Promise<unknown>;
  for (const args of [[], [1, 2], [null], [[1]], [new Map()]]) {
    await assert.rejects(call(...args), {
      name: "TypeError",
      message: /first argument must be an object with a, b, got/,
    });
  }
});

const isRoot = process.getuid?.() === 0;

test("a store that may not be read is refused, and left as it is", {
  skip: isRoot && "root may read everything",
}, async (t) => {
  const store = tempStore(t);
  fs.writeFileSync(store, "a\n1\n");
  fs.chmodSync(store, 0);
  await assertRefused(store, StoreError, [store, /permission|EACCES/i]);
  fs.chmodSync(store, 0o600);
  assert.equal(fs.readFileSync(store, "utf8"), "a\n1\n");
});

const skip = whyNoMount() ?? false;

test("in a folder that may not be written, reads work and once() fails before it runs", {
  skip,
}, async (t) => {
  const folder = smallFolder(t, "64k");
  const store = join(folder, "runs.csv");
  fs.writeFileSync(store, "seed\n1\n");
  assert.equal(mount(folder, "remount,ro").status, 0);

  assert.equal((await status(store, { quiet: true })).count, 1);
  assert.deepEqual(await ls(store, { quiet: true }), [{ seed: 1 }]);
  const work = once((seed: number) => assert.fail(`it ran ${seed}`), { store, quiet: true });
  assert.equal(await work.has(1), true);
  assert.equal((await work.outcome(1)).status, "skipped");
  const message = /Cannot write next to the store.*runs\.csv-state.*make the folder writable/;
  await assert.rejects(work(2), (error) => {
    assert(error instanceof StoreError, String(error));
    assert.match(error.message, message);
    return true;
  });
  await assert.rejects(reset(store, { seed: 1 }, { quiet: true }), StoreError);
  assert.equal(fs.readFileSync(store, "utf8"), "seed\n1\n");
  assert.deepEqual(fs.readdirSync(folder), ["runs.csv"]);
});

test("on a full disk record() says so, the file stays whole, and goes on once there is room", {
  skip,
}, async (t) => {
  const folder = smallFolder(t, "256k");
  const store = join(folder, "runs.csv");
  const backend = new CsvBackend(store, { durability: "process" });
  let n = 0;
  for (; n < 20; n++) await backend.record({ n, text: "x".repeat(100) });
  const free = fill(folder);

  // The last block of the file has room yet.
  let trouble: unknown;
  const added = (): Row => ({ n, text: "y".repeat(1000) });
  for (; trouble === undefined; n++) {
    assert(n < 100, "the disk is not full");
    const before = fs.readFileSync(store, "utf8");
    try {
      await backend.record(added());
    } catch (error) {
      trouble = error;
      assert.equal(fs.readFileSync(store, "utf8"), before);
      break;
    }
  }
  assert(trouble instanceof StoreError, String(trouble));
  assert.match(trouble.message, /Cannot (write|use) ".*(no space|full)/i);

  const before = fs.readFileSync(store, "utf8");
  assert(before.endsWith("\n"));
  await assert.rejects(async () => await backend.record({ other: 1 }), StoreError, "a rewrite");
  await assert.rejects(async () => await backend.remove({ n: 0 }), StoreError);
  assert.equal(fs.readFileSync(store, "utf8"), before);
  assert.equal((await backend.load()).length, n);
  assert.equal(await backend.has({ n: 3 }), true);

  free();
  await backend.record(added());
  assert.deepEqual(
    (await backend.load()).map((row) => row.n),
    Array.from({ length: n + 1 }, (_, i) => i),
  );
  assert.deepEqual(fs.readFileSync(store, "utf8").startsWith(before), true);
  await backend.close();
  assert.deepEqual(fs.readdirSync(folder), ["runs.csv"]);
});

test("on a full disk all that was asked together fails, and the file stays whole", {
  skip,
}, async (t) => {
  // With a little room it is the rows that find none, else the claims.
  for (
    const [name, room] of [["runs.csv", 24_000], ["runs.json", 24_000], ["runs.csv", 0]] as const
  ) {
    const folder = smallFolder(t, "256k");
    const store = join(folder, name);
    const backend = engineOf(await openBackend(store, { durability: "process" }));
    const shape = keyShape(["n"]);
    for (let n = 0; n < 3; n++) await backend.record({ n, text: "x" });
    const claimed = await backend.claim(keyOf(shape, { n: 3 }));
    assert(claimed.state === "claimed");
    fs.writeFileSync(join(folder, "room"), "x".repeat(room));
    const free = fill(folder);
    fs.rmSync(join(folder, "room"));

    const before = fs.readFileSync(store, "utf8");
    const text = "y".repeat(room === 0 ? 10 : 100_000); // rows that find room in the last block
    const together = (body: () => void): Promise<void> =>
      assert.rejects(async () => await backend.batch(body), StoreError);
    await together(() => {
      try {
        void claimed.claim.record({ n: 3, text });
      } catch (error) {
        assert(error instanceof Error);
      }
      void backend.record({ n: 4, text });
    });
    if (room > 0) {
      await together(() => {
        void backend.record({ n: 5, text });
        // What needs rows in the file has them written before the end.
        assert.throws(() => backend.find(keyOf(shape, { n: 5 })), StoreError);
        assert.throws(() => backend.record({ n: 6 }), StoreError);
      });
    }
    assert.equal(fs.readFileSync(store, "utf8"), before);
    assert.deepEqual((await backend.load()).map(({ n }) => n), [0, 1, 2]);

    free();
    assert.deepEqual((await backend.held()).map(({ key }) => key), ["n\x1e3\x1f"]);
    await claimed.claim.record({ n: 3, text: "z" });
    await backend.record({ n: 4, text: "z" });
    assert.deepEqual((await backend.load()).map(({ n }) => n), [0, 1, 2, 3, 4]);
    assert(fs.readFileSync(store, "utf8").startsWith(before.slice(0, -3)));
    await backend.close();
  }
});

test("on a full disk once() rejects with a StoreError, and a later call runs again", {
  skip,
}, async (t) => {
  const folder = smallFolder(t, "256k");
  const store = join(folder, "runs.csv");
  let runs = 0;
  const work = once(({ n }: { n: number; text: string }) => {
    runs++;
    return n;
  }, { store, quiet: true });
  const text = "x".repeat(5000);
  assert.equal(await work({ n: 1, text }), 1);
  const free = fill(folder);
  await assert.rejects(work({ n: 2, text }), (error) => {
    assert(error instanceof StoreError, String(error));
    assert.match(error.message, /no space|full/i);
    return true;
  });
  assert.equal(await work.has({ n: 1, text }), true);
  assert.equal(await work.has({ n: 2, text }), false);
  free();
  const ran = runs;
  assert.equal(await work({ n: 2, text }), 2);
  assert.equal(runs, ran + 1);
  assert.equal((await status(store, { quiet: true })).count, 2);
});
