import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fs from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { CsvBackend } from "../../backends/text/csv.ts";
import { isPlainCell } from "../../backends/text/plain_cell.ts";
import { canonicalCell, fileText } from "../../core/values/cell.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { setEntry, toValue, type Value } from "../../core/values/value.ts";
import { openBackend, type Row } from "../../mod.ts";
import { rounds } from "../rounds.ts";
import { tempFolder, tempStore } from "../temp_folder.ts";

/** An open store that says nothing unless it is asked to. The end of the process closes it. */
function openCsv(path: string, warnings?: string[]): CsvBackend {
  const warn = (message: string): void => {
    if (!warnings) assert.fail(message);
    warnings.push(message);
  };
  return new CsvBackend(path, { durability: "process", warn });
}

function withoutTimestamp(row: Row): Row {
  const { _stet_timestamp: _, ...rest } = row;
  return rest;
}

async function paramsIn(backend: CsvBackend): Promise<Row[]> {
  return (await backend.load()).map(withoutTimestamp);
}

const columnName: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 }),
  fc.constantFrom("__proto__", "constructor", 'a"b', '"', "a,b", "[x]", "{", " a", "PAR1", "é;"),
).filter((name) => !/[\p{Cc}\p{Cs}]/u.test(name));

const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 8 }),
      fc.string({ unit: fc.constantFrom(...'",\r\n \t;1.e-aé😀\0'), maxLength: 8 }),
      fc.constantFrom("1", "1.0", "", "None", "true", "nan", "-inf", "[1]", "{}", '"', "1n"),
      fc.integer(),
      fc.double(),
      fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
      fc.boolean(),
      fc.constant(null),
    ),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.string({ maxLength: 3 }), tie("value"), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;

const row: fc.Arbitrary<Row> = fc.array(fc.tuple(columnName, value), {
  minLength: 1,
  maxLength: 5,
}).map((entries) => {
  const made: Row = {};
  for (const [name, value] of entries) setEntry(made, name, value);
  return made;
});

test("rows are read by another CSV parser as the same cell texts, and by us as the same values", async (t) => {
  const folder = tempFolder(t);
  let number = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 5 }), async (rows) => {
      const path = join(folder, `${number++}.csv`);
      const backend = openCsv(path);
      for (const row of rows) await backend.record(row);
      assert.deepEqual(await paramsIn(backend), rows.map((row) => toValue(row, "row")));
      await backend.close();

      const [header = [], ...lines]: string[][] = parse(fs.readFileSync(path, "utf8"));
      assert.equal(lines.length, rows.length);
      assert.equal(header.at(-1), "_stet_timestamp");
      for (const [i, row] of rows.entries()) {
        const cells = header.slice(0, -1).map((name) => {
          return Object.hasOwn(row, name) ? fileText(row[name]!) : "";
        });
        assert.deepEqual(lines[i]!.slice(0, -1), cells);
      }
      const reopened = openCsv(path);
      assert.deepEqual(await paramsIn(reopened), rows.map((row) => toValue(row, "row")));
      for (const row of rows) {
        const given = toValue(row, "row") as Row;
        const key = keyOf(keyShape(Object.keys(given)), given);
        assert.equal(await reopened.hasKey(key), true, key.text);
      }
      await reopened.close();
    }),
    { numRuns: rounds(150) },
  );
});

test("a first column of any name can be read again", async (t) => {
  for (const name of ["[x]", "{x}", " [", "PAR1", "ARROW1", "\ufeffx", '"', "a;b", "a\u2028b"]) {
    const path = tempStore(t);
    const row: Row = { [name]: 1 };
    const backend = openCsv(path);
    await backend.record(row);
    await backend.record(row);
    assert.deepEqual(await paramsIn(openCsv(path)), [row, row], JSON.stringify(name));
    assert.equal((parse(fs.readFileSync(path), { bom: true }) as string[][])[0]?.[0], name);
  }
});

test("files from people, spreadsheets and Python read right", async (t) => {
  const two: Row[] = [{ a: 1, b: "x" }, { a: 2, b: "y" }];
  const files: readonly (readonly [what: string, text: string, rows: readonly Row[]])[] = [
    ["plain", "a,b\n1,x\n2,y\n", two],
    ["CRLF", "a,b\r\n1,x\r\n2,y\r\n", two],
    ["CR of old", "a,b\r1,x\r2,y\r", two],
    ["byte order mark", "\ufeffa,b\r\n1,x\r\n2,y\r\n", two],
    ["byte order mark, quoted header", '\ufeff"a","b"\n1,x\n2,y\n', two],
    ["all quoted", '"a","b"\r\n"1","x"\r\n"2","y"\r\n', two],
    ["no last newline", "a,b\n1,x\n2,y", two],
    ["no last newline, quoted", 'a,b\n1,x\n2,"y"', two],
    ["CRLF, no last newline", "a,b\r\n1,x\r\n2,y", two],
    ["blank lines", "a,b\n\n1,x\n\n\n2,y\n\n", two],
    ["blank lines first", "\n\na,b\n1,x\n2,y\n", two],
    ["lines of only commas", "a,b\n1,x\n,\n2,y\n,\n,", two],
    ["mixed newlines", "a,b\r\n1,x\n2,y\r\n", two],
    ["header only", "a,b\n", []],
    ["header only, no newline", "a,b", []],
    ["empty", "", []],
    ["only blank lines", "\n\n", []],
    ["empty cells", "a,b\n1,\n,y\n", [{ a: 1 }, { b: "y" }]],
    ["quoted newlines, commas and quotes", 'a,b\n1,"x\r\n,""y"""\n', [{ a: 1, b: 'x\r\n,"y"' }]],
    ["quoted newline in the header", '"a\nb",c\n1,2\n', [{ "a\nb": 1, c: 2 }]],
    ["white space", "a,b\n 1 ,  x \n\t2,y\t\n", two],
    ["Python's words", "a,b\nTrue,None\nFalse,nan\n", [{ a: true, b: null }, { a: false, b: NaN }]],
    ["other tools' words", "a,b\ntrue,NULL\nFALSE,Infinity\n", [
      { a: true, b: null },
      { a: false, b: Infinity },
    ]],
    ["JSON cells", 'a,b\n"[1,2]","{""x"": 1}"\n', [{ a: [1, 2], b: { x: 1 } }]],
    ["a quote inside", 'a,b\n1,5" disk\n', [{ a: 1, b: '5" disk' }]],
    ["one column", "a\n1\n\n2\n", [{ a: 1 }, { a: 2 }]],
    ["other scripts", "ключ,值\nда,😀\n", [{ ключ: "да", 值: "😀" }]],
  ];
  for (const [what, text, rows] of files) {
    const path = tempStore(t);
    fs.writeFileSync(path, text);
    const backend = openCsv(path);
    assert.deepEqual(await backend.load(), rows, what);
    for (const row of rows) assert.equal(await backend.has(row), true, what);
    assert.equal(await backend.has({ a: 3 }), false, what);
    assert.equal(fs.readFileSync(path, "utf8"), text, `${what}: reading changed it`);
  }
});

test("white space around names does not count, as around cells, and their spelling stays", async (t) => {
  const stamp = "2026-01-01T00:00:00.000Z";
  const cases: readonly (readonly [header: string, grown: string])[] = [
    ["a, b, _stet_timestamp", "a, b,c, _stet_timestamp"],
    [" a\t,b , _stet_timestamp", " a\t,b ,c, _stet_timestamp"],
    ['"a"," b","_stet_timestamp"', '"a"," b","c","_stet_timestamp"'],
    ['a, "b",_stet_timestamp', 'a, "b",c,_stet_timestamp'],
    ["\ufeffa, b,_stet_timestamp", "\ufeffa, b,c,_stet_timestamp"],
    ['a," b",_stet_timestamp', 'a," b",b,c,_stet_timestamp'], // in these quotes it counts
  ];
  for (const [header, grown] of cases) {
    const path = tempStore(t);
    fs.writeFileSync(path, `${header}\n1, x, ${stamp}\n`);
    const name = header.startsWith('a," b"') ? " b" : "b";
    const backend = openCsv(path);
    const one: Row = { a: 1, [name]: "x" };
    assert.deepEqual(await paramsIn(backend), [one]);
    assert.equal(await backend.has(one), true);
    await backend.record({ a: 2, b: "y", c: 3, _stet_timestamp: stamp });
    assert.equal(fs.readFileSync(path, "utf8").split("\n")[0], grown);
    assert.deepEqual(await paramsIn(openCsv(path)), [one, { a: 2, b: "y", c: 3 }]);
  }
  const path = tempStore(t);
  fs.writeFileSync(path, "a, b,b \n1,2,3\n");
  await assert.rejects(
    async () => await openCsv(path).load(),
    /two columns "b", spelled " b" and "b "/,
  );
});

test("files are appended to in their own form", async (t) => {
  const stamp = "2026-11-21T14:22:01.123456+00:00";
  const line = "3,z,2026-11-21T00:00:00.000Z";
  const files: readonly (readonly [text: string, added: string])[] = [
    [`a,b,_stet_timestamp\n1,x,${stamp}\n`, `${line}\n`],
    [`a,b,_stet_timestamp\n1,x,${stamp}`, `\n${line}\n`],
    [`a,b,_stet_timestamp\n1,x,`, `\n${line}\n`],
    [`a,b,_stet_timestamp\r\n1,x,${stamp}\r\n`, `${line}\r\n`],
    [`a,b,_stet_timestamp\r\n1,x,${stamp}`, `\r\n${line}\r\n`],
    [`\ufeff"a","b","_stet_timestamp"\r\n"1","x",""`, `\r\n${line}\r\n`],
    [`a,b,_stet_timestamp\n"1","x\n",${stamp}\n\n\n`, `${line}\n`],
    [`a,b,_stet_timestamp`, `\n${line}\n`],
    [`a,b,_stet_timestamp\r\n`, `${line}\r\n`],
  ];
  for (const [text, added] of files) {
    const path = tempStore(t);
    fs.writeFileSync(path, text);
    fs.utimesSync(path, 1e9, 1e9); // long ago: nobody is writing it
    const backend = openCsv(path);
    const before = await backend.load();
    const row = { a: 3, b: "z", _stet_timestamp: "2026-11-21T00:00:00.000Z" };
    await backend.record(row);
    assert.equal(fs.readFileSync(path, "utf8"), text + added);
    assert.deepEqual(await backend.load(), [...before, row]);
    assert.deepEqual(await openCsv(path).load(), [...before, row]);
  }
});

test("new columns come at any time: before the timestamp, old cells keep their spelling", async (t) => {
  const path = tempStore(t);
  const cells = ['" 1.0 "', "  007", '"x"', "'y'", '"a\r\nb"', "TRUE", '"[1, 2]"', "1e3", "é"];
  const head = cells.map((_, i) => `c${i}`).join(",");
  fs.writeFileSync(path, `\ufeff${head},_stet_timestamp\r\n${cells.join(",")},\r\n`);
  const backend = openCsv(path);
  const before = await paramsIn(backend);
  await backend.record({ c1: 8, "result.loss": 0.5, new: "p", _stet_elapsed: 1 });
  await backend.record({ newer: true });

  const [header, old, ...added] = fs.readFileSync(path, "utf8").replace("a\r\nb", "a\\nb").split(
    "\r\n",
  );
  assert.equal(
    header,
    `\ufeff${head},new,newer,result.loss,_stet_elapsed,_stet_timestamp`,
  );
  assert.equal(old?.replace("a\\nb", "a\r\nb"), `${cells.join(",")},,,,,`);
  assert.match(added[0]!, /^,8,,,,,,,,p,,0\.5,1,\d{4}-[^,]+Z$/);
  assert.match(added[1]!, /^,,,,,,,,,,True,,,\d{4}-[^,]+Z$/);
  assert.deepEqual(added.slice(2), [""]);
  assert.deepEqual(await paramsIn(backend), [
    ...before,
    { c1: 8, new: "p", "result.loss": 0.5, _stet_elapsed: 1 },
    { newer: true },
  ]);
});

test("every spelling of a number in a cell is that number, and no spelling the string", async (t) => {
  for (const cell of ["1", "1.0", " 1 ", '"1"', "1e0", "+1", "01", '" 1.00"']) {
    const path = tempStore(t);
    fs.writeFileSync(path, `a\n${cell}\n`);
    const backend = openCsv(path);
    assert.equal(await backend.has({ a: 1 }), true, cell);
    assert.equal(await backend.has({ a: "1" }), false, cell);
    assert.equal(await backend.has({ a: "1.0" }), false, cell);
    await backend.record({ a: "1" });
    assert.equal(await backend.has({ a: "1" }), true, cell);
    assert.equal(await backend.remove({ a: 1 }), 1, cell);
    assert.deepEqual(await paramsIn(backend), [{ a: "1" }], cell);
  }
});

test("has() and remove() match the rows that agree on all columns given", async (t) => {
  const backend = openCsv(tempStore(t));
  const rows: Row[] = [
    { a: 1, b: 1 },
    { a: 1, b: 2 },
    { a: 2, b: 1, c: "x" },
    { a: 1, b: 2, c: "x" },
  ];
  for (const row of rows) await backend.record(row);
  const left = async (): Promise<Row[]> => await paramsIn(backend);

  assert.equal(await backend.has({}), true);
  assert.equal(await backend.has({ a: 1 }), true);
  assert.equal(await backend.has({ b: 2, a: 1, c: undefined! }), true);
  assert.equal(await backend.has({ a: 2, b: 2 }), false);
  assert.equal(await backend.has({ d: 1 }), false);
  assert.throws(() => backend.remove({}), {
    name: "TypeError",
    message: /without a column.*clear\(\)/,
  });
  assert.throws(() => backend.remove({ a: undefined! }), TypeError);
  assert.equal(await backend.remove({ d: 1 }), 0);
  assert.equal(await backend.remove({ a: 1, d: 1 }), 0);
  assert.equal(await backend.remove({ a: "1" }), 0);
  assert.deepEqual(await left(), rows);
  assert.equal(await backend.remove({ a: 1, b: 2 }), 2);
  assert.deepEqual(await left(), [rows[0], rows[2]]);
  await backend.clear();
  assert.deepEqual(await left(), []);
  assert.equal(await backend.has({}), false);
  assert.equal(fs.existsSync(backend.path), false);
});

test("a missing store is empty, and neither has(), load(), remove() nor clear() makes it", async (t) => {
  const backend = openCsv(tempStore(t));
  assert.equal(await backend.has({ a: 1 }), false);
  assert.equal(await backend.has({}), false);
  assert.deepEqual(await backend.load(), []);
  assert.equal(await backend.remove({ a: 1 }), 0);
  await backend.clear();
  assert.equal(backend.exists(), false);
  await backend.close();
  assert.deepEqual(fs.readdirSync(dirname(backend.path)), []);
});

test("mode bits and a symbolic link to the store survive a rewrite", async (t) => {
  const folder = tempFolder(t);
  const real = join(folder, "real.csv");
  const link = join(folder, "link.csv");
  fs.writeFileSync(real, "a\n1\n");
  fs.chmodSync(real, 0o640);
  fs.symlinkSync("real.csv", link);
  const backend = openCsv(link);
  await backend.record({ b: 2 });
  await backend.remove({ a: 1 });
  await backend.close();
  assert.equal(fs.statSync(real).mode & 0o7777, 0o640);
  assert(fs.lstatSync(link).isSymbolicLink());
  assert.match(fs.readFileSync(real, "utf8"), /^a,b,_stet_timestamp\n,2,[^\n]+\n$/);
  assert.deepEqual(fs.readdirSync(folder).sort(), ["link.csv", "real.csv"]);
});

test("a symbolic link to a store that is not there yet leads to where it is made", async (t) => {
  const folder = tempFolder(t);
  fs.mkdirSync(join(folder, "data"));
  fs.symlinkSync(join("data", "real.csv"), join(folder, "link.csv"));
  const backend = openCsv(join(folder, "link.csv"));
  await backend.record({ a: 1 });
  await backend.close();
  assert(fs.lstatSync(join(folder, "link.csv")).isSymbolicLink());
  assert.deepEqual(fs.readdirSync(join(folder, "data")), ["real.csv"]);
});

test("each of 10,000 rows is found, and nothing else", async (t) => {
  const path = tempStore(t);
  const n = 10_000;
  const lines = ["seed,alpha,model,_stet_timestamp"];
  for (let i = 0; i < n; i++) lines.push(`${i},${i % 7 / 8},m ${i % 3},2026-01-01T00:00:00Z`);
  fs.writeFileSync(path, `${lines.join("\n")}\n`);
  const backend = openCsv(path);
  const shape = keyShape(["seed", "alpha", "model"]);
  const key = (i: number, model = `m ${i % 3}`) =>
    keyOf(shape, { seed: i, alpha: i % 7 / 8, model });
  await backend.record({ seed: n, alpha: n % 7 / 8, model: `m ${n % 3}` });
  for (let i = 0; i <= n; i++) {
    assert.equal(await backend.hasKey(key(i)), true);
    if (i % 10 > 0) continue;
    assert.equal((await backend.find(key(i)))?.seed, i);
    assert.equal(await backend.hasKey(key(i, "m 3")), false);
  }
  assert.equal(await backend.hasKey(key(n + 1)), false);
});

test("a string of a megabyte is kept, and found", async (t) => {
  const path = tempStore(t);
  const long = 'x,"\n é😀'.repeat(100_000);
  assert(Buffer.byteLength(long) > 1e6);
  const rows: Row[] = [{ a: 1, text: "short" }, { a: 2, text: long }, { a: 3, text: "last" }];
  const backend = openCsv(path);
  for (const row of rows) await backend.record(row);
  for (const one of [backend, openCsv(path)]) {
    assert.deepEqual(await paramsIn(one), rows);
    assert.equal(await one.has({ a: 2, text: long }), true);
    assert.equal(await one.has({ a: 2, text: `${long}x` }), false);
    assert.equal(await one.has({ text: "last" }), true);
  }
});

/** Makes the time of change differ, however coarse the file system's clock is. */
function touch(path: string, i: number): void {
  fs.utimesSync(path, 1_800_000_000 + i, 1_800_000_000 + i);
}

test("an open store sees what others did to its file", async (t) => {
  const path = tempStore(t);
  const backend = openCsv(path);
  const seen = async (): Promise<unknown[]> => (await backend.load()).map((row) => row.a);
  const find = async (a: number): Promise<boolean> =>
    await backend.find(keyOf(keyShape(["a"]), { a })) !== undefined;

  await backend.record({ a: 1, _stet_timestamp: "2026-01-01T00:00:00Z" });
  assert.deepEqual(await seen(), [1]);

  const other = openCsv(path);
  await other.record({ a: 2, _stet_timestamp: "2026-01-01T00:00:00Z" });
  assert.equal(await backend.has({ a: 2 }), true, "a record of another handle");

  fs.appendFileSync(path, "3,\n");
  assert.equal(await backend.has({ a: 3 }), true, "an appended line");

  const text = fs.readFileSync(path, "utf8");
  fs.writeFileSync(path, text.replace("\n2,", "\n4,"));
  touch(path, 1);
  assert.deepEqual(await seen(), [1, 4, 3], "an edit in place, of the same size");
  assert.deepEqual([await find(2), await find(4)], [false, true]);

  fs.truncateSync(path, text.indexOf("3,"));
  assert.deepEqual(await seen(), [1, 4], "lines cut off");
  assert.equal(await find(3), false);

  fs.writeFileSync(`${path}.new`, text.replace("\n1,", "\n5,"));
  fs.renameSync(`${path}.new`, path);
  assert.deepEqual(await seen(), [5, 2, 3], "another file in its place");
  assert.deepEqual([await find(1), await find(5)], [false, true]);

  fs.rmSync(path);
  assert.deepEqual(await seen(), [], "no file");
  assert.equal(await find(5), false);
  await backend.record({ a: 6 });
  assert.deepEqual(await seen(), [6], "made anew");
  assert.deepEqual((await other.load()).map((row) => row.a), [6]);
});

interface Step {
  readonly what:
    | "record"
    | "remove"
    | "clear"
    | "append by hand"
    | "edit in place"
    | "cut off"
    | "replace"
    | "delete";
  readonly by: number;
  readonly row: Row;
}

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.oneof(
    { weight: 8, arbitrary: fc.constant("record" as const) },
    { weight: 3, arbitrary: fc.constantFrom("remove" as const, "append by hand" as const) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        "clear" as const,
        "edit in place" as const,
        "cut off" as const,
        "replace" as const,
        "delete" as const,
      ),
    },
  ),
  by: fc.nat({ max: 1 }),
  row: fc.record({
    a: fc.constantFrom<Value>(0, 1, 2, "1", "x, y"),
    b: fc.constantFrom<Value>(0, 1, null, 'q"'),
    c: fc.constantFrom<Value>(1, 2),
  }, { requiredKeys: ["a"], noNullPrototype: true }),
});

test("a look by columns never asked about reads the file as it is now", async (t) => {
  const store = tempStore(t);
  const backend = openCsv(store);
  await backend.record({ seed: 1 });
  assert.equal(await backend.has({ seed: 1 }), true);
  // In place, as Python's stet writes, and at once: a hit would still be believed unseen.
  fs.writeFileSync(store, "seed,by,_stet_timestamp,alpha\n1,x,,\n2,y,,0.5\n");
  assert.equal(await backend.has({ seed: 2, alpha: 0.5 }), true);
  await backend.close();
});

test("after any steps of two handles and of hands, both hold what a list would", async (t) => {
  const folder = tempFolder(t);
  let number = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 16 }), async (steps) => {
      const path = join(folder, `${number++}.csv`);
      const handles = [
        openCsv(path),
        openCsv(path),
      ] as const;
      let model: Row[] = [];
      for (const [i, { what, by, row }] of steps.entries()) {
        model = await take(path, handles[by]!, model, what, row, i);
        for (const handle of handles) {
          assert.deepEqual(await paramsIn(handle), model, `after step ${i}, ${what}`);
          for (const { row } of steps) {
            const matches = model.filter((one) => agrees(one, row));
            if (matches.length > 0) assert.equal(await handle.has(row), true);
            const found = await handle.find(keyOf(keyShape(Object.keys(row)), row));
            assert.deepEqual(found && withoutTimestamp(found), matches.at(-1));
          }
        }
      }
      for (const handle of handles) await handle.close();
    }),
    { numRuns: rounds(60) },
  );
});

function agrees(row: Row, columns: Row): boolean {
  return Object.entries(columns).every(([name, value]) => row[name] === value);
}

/** Takes one step on the file, and gives what a list would be after it. */
async function take(
  path: string,
  handle: CsvBackend,
  model: readonly Row[],
  what: Step["what"],
  row: Row,
  i: number,
): Promise<Row[]> {
  if (what === "record") {
    await handle.record(row);
    return [...model, row];
  }
  if (what === "remove") {
    const left = model.filter((one) => !agrees(one, row));
    assert.equal(await handle.remove(row), model.length - left.length);
    return left;
  }
  if (what === "clear") {
    await handle.clear();
    return [];
  }
  if (!fs.existsSync(path)) return [...model];
  if (what === "delete") {
    fs.rmSync(path);
    return [];
  }
  const lines: string[][] = parse(fs.readFileSync(path, "utf8"));
  const header = lines[0]!;
  const isEdit = what === "edit in place" && model[0]?.a !== undefined;
  let changed = [...model];
  if (what === "append by hand") {
    const fields = Object.fromEntries(header.map((name) => [name, row[name]]));
    const known: Row = {};
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined) known[name] = value;
    }
    fs.appendFileSync(path, csvLine(header.map((name) => cell(known[name]))));
    return [...model, known];
  }
  if (isEdit) {
    const column = header.indexOf("a");
    const other = model[0]!.a === 7 ? 8 : 7;
    lines[1]![column] = `${other}`;
    changed = [{ ...model[0], a: other }, ...model.slice(1)];
  }
  if (what === "cut off") {
    lines.length = Math.max(1, lines.length - 1);
    changed = model.slice(0, -1);
  }
  const text = lines.map(csvLine).join("");
  if (what === "replace") {
    fs.writeFileSync(`${path}.new`, text);
    fs.renameSync(`${path}.new`, path);
  } else fs.writeFileSync(path, text);
  touch(path, i);
  return changed;
}

function cell(value: Value | undefined): string {
  return value === undefined ? "" : fileText(value);
}

function csvLine(cells: readonly string[]): string {
  return `${cells.map((text) => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)}\n`;
}

test("a torn last line is moved aside, with a warning, before the next record", async (t) => {
  const path = tempStore(t);
  const whole = "a,b,_stet_timestamp\n1,x,2026-01-01T00:00:00Z\n";
  for (const torn of ["2", "2,y,2026-01-0", '2,"y', "2,y,2026-01-01T00:00:00Z,5"]) {
    fs.rmSync(`${path}.torn`, { force: true });
    fs.writeFileSync(path, whole + torn);
    const warnings: string[] = [];
    const backend = openCsv(path, warnings);
    assert.deepEqual(await paramsIn(backend), [{ a: 1, b: "x" }], torn);
    assert.equal(fs.readFileSync(path, "utf8"), whole + torn);
    await backend.record({ a: 3, b: "z", _stet_timestamp: "2026-01-01T00:00:00Z" });
    assert.equal(fs.readFileSync(path, "utf8"), `${whole}3,z,2026-01-01T00:00:00Z\n`);
    assert.equal(fs.readFileSync(`${path}.torn`, "utf8"), torn);
    assert.equal(warnings.length, 1);
    assert(warnings[0]?.includes(`${path}.torn`), warnings[0]);
  }
});

test("a closed store refuses every use, and says so", async (t) => {
  const backend = openCsv(tempStore(t));
  await backend.record({ a: 1 });
  await backend.close();
  await backend.close();
  for (
    const use of [
      () => backend.has({ a: 1 }),
      () => backend.record({ a: 1 }),
      () => backend.load(),
      () => backend.remove({ a: 1 }),
      () => backend.clear(),
    ]
  ) {
    await assert.rejects(async () => await use(), { name: "StoreError", message: /was closed/ });
  }
  assert.deepEqual(fs.readdirSync(dirname(backend.path)), ["runs.csv"]);
});

test("isPlainCell() takes only canonical spellings for such", () => {
  const check = (text: string): boolean => {
    const bytes = Buffer.from(`,${text},`);
    const isPlain = isPlainCell(bytes, 1, bytes.length - 1);
    if (isPlain) assert.equal(canonicalCell(text), text);
    return isPlain;
  };
  for (
    const text of ["1", "-5", "0.5", "123456.75", "abc", "model-a", "2026-01-01", "3f2a", "x y"]
  ) {
    assert.equal(check(text), true, `${text} is plain, which is what makes look-ups quick`);
  }

  // Deterministic, and much quicker than a property for this many cases.
  let state = 12345;
  const pick = (below: number): number => {
    state = Math.imul(state, 1664525) + 1013904223 | 0;
    return (state >>> 8) % below;
  };
  const numberLike = "0123456789012345678900..--++eEn _x:/%";
  const wordLike = 'nNaAiIfFtTrRuUeElLsSoOyY _-+.1"[{é\t\u00a0';
  const words = ["true", "false", "none", "null", "nan", "inf", "infinity"];
  for (let i = 0; i < 60_000; i++) {
    const alphabet = i % 3 === 0 ? wordLike : numberLike;
    let text = "";
    for (let length = 1 + pick(i % 5 === 0 ? 24 : 8); length > 0; length--) {
      text += alphabet[pick(alphabet.length)];
    }
    if (i % 7 === 0) {
      text = `${["", "-", "+", "x"][pick(4)]}${words[pick(7)]}${text.slice(0, pick(3))}`;
    }
    check(text);
    if (i % 11 === 0) check(text.toUpperCase());
  }
  for (let i = 0; i < 20_000; i++) {
    const digits = `${pick(1 << 23)}${pick(1 << 23)}${pick(1 << 23)}`.slice(0, 1 + pick(18));
    const point = pick(digits.length + 1);
    const zeros = "0".repeat(pick(6));
    check(`${["", "-"][pick(2)]}${digits.slice(0, point)}.${zeros}${digits.slice(point)}`);
    check(`${["", "-"][pick(2)]}${zeros}${digits}`);
  }
});

test("a row that another process is just writing is not taken for a whole one", async (t) => {
  const store = tempStore(t);
  const line = "0.5,2,2026-11-21T14:22:01.123Z\n";
  for (let cut = 1; cut <= line.length; cut++) {
    fs.writeFileSync(store, "alpha,seed,_stet_timestamp\n0.5,1,2026-11-21T14:22:01.123Z\n");
    const backend = await openBackend(store, { durability: "process", warn: assert.fail });
    assert.equal((await backend.load()).length, 1);
    fs.appendFileSync(store, line.slice(0, cut)); // up to the end of a page of memory, say
    await backend.has({ seed: 2 });
    await backend.load();
    fs.appendFileSync(store, line.slice(cut));
    assert.equal(await backend.has({ seed: 2 }), true, `cut after ${cut}`);
    await backend.record({ alpha: 0.5, seed: 3 });
    assert.deepEqual((await backend.load()).map(({ seed }) => seed), [1, 2, 3], `cut after ${cut}`);
    await backend.close();
  }
});
