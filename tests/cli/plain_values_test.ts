import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { main } from "../../cli.ts";
import { openBackend, type Row } from "../../mod.ts";
import { duckDbRows, noPython, pythonRows } from "../other_readers.ts";
import { sharedRounds } from "../rounds.ts";
import { tempFolder, tempStore } from "../temp_folder.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";

const noDuckDb = columnarSkips[".parquet"] ?? false;

/** Runs a command line, and returns its exit code and its lines. */
async function stet(...args: string[]): Promise<{ code: number; lines: string }> {
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const code = await main(args, { log, error: log });
  return { code, lines: lines.join("\n") };
}

async function fill(store: string, rows: readonly Row[]): Promise<void> {
  const backend = await openBackend(store, { durability: "process" });
  for (const row of rows) await backend.record(row);
  await backend.close();
}

/** Texts with all that CSV, cell text and spreadsheets give a meaning to. */
const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.array(
    fc.constantFrom("\n", "\r", "\t", '"', ",", "=1+2", " ", "é🦕", "1", "None", "[", "}", "\x00"),
    { maxLength: 8 },
  ).map((parts) => parts.join("")),
);
const texts = ["two\nlines", "1", "", "None", "\n", '"', "{\r\n}", "True", "5n", " a ", ";", "nan"];

test("stet export --plain has any text as it is, for csv-parse, Python, JSON and DuckDB", async (t) => {
  const folder = tempFolder(t);
  let number = 0;
  const check = async (all: readonly string[]): Promise<void> => {
    const store = join(folder, `${number++}.sqlite`);
    await fill(store, all.map((text, n) => ({ n, text })));
    const known = all.map((text) => text.toWellFormed()); // half a surrogate pair has no UTF-8
    for (const extension of noDuckDb ? ["csv", "jsonl"] : ["csv", "jsonl", "parquet"]) {
      const file = join(folder, `${number}.${extension}`);
      const { code, lines } = await stet("export", store, "--plain", "-o", file, "--force");
      assert.equal(code, 0, lines);
      const read = extension === "csv"
        ? (parse(fs.readFileSync(file), { columns: true }) as { text: string }[])
        : extension === "jsonl"
        ? fs.readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line))
        : await duckDbRows(`SELECT text FROM '${file}' ORDER BY n`);
      const found = read.map(({ text }) => String(text).toWellFormed());
      assert.deepEqual(found, known, extension);
      if (extension === "csv" && !noPython) {
        assert.deepEqual(pythonRows(file).slice(1).map((row) => row[1]), known);
      }
    }
  };
  await check(texts);
  await fc.assert(
    fc.asyncProperty(fc.array(anyText, { minLength: 1, maxLength: 20 }), check),
    { numRuns: sharedRounds(15) },
  );
});

const rows: readonly Row[] = [
  { n: 1, x: 0.5, ok: true, mix: true, none: null, list: [1, "a", NaN], big: 2n ** 70n },
  { n: 2, x: null, ok: null, mix: "True", none: null, list: { b: 1 }, big: "5n" },
  { n: 3, x: NaN, ok: false, mix: 7, list: "[1]", big: 1e-5 },
];

test("stet export --plain has numbers, booleans and nested values as the format has them, and null as nothing", async (t) => {
  const store = tempStore(t);
  await fill(store, rows.map((row) => ({ ...row, _stet_timestamp: "2026-01-01T00:00:00.000Z" })));
  const file = `${store}.plain.csv`;
  assert.equal((await stet("export", store, "--plain", "-o", file)).code, 0);
  const time = "2026-01-01T00:00:00.000Z";
  assert.equal(
    fs.readFileSync(file, "utf8"),
    "n,x,ok,mix,none,list,big,_stet_timestamp\n" +
      `1,0.5,true,true,,"[1,""a"",""nan""]",1180591620717411303424,${time}\n` +
      `2,,,True,,"{""b"":1}",5n,${time}\n` +
      `3,nan,false,7,,[1],1e-05,${time}\n`,
  );
  const lines = `${store}.plain.jsonl`;
  assert.equal((await stet("export", store, "--plain", "-o", lines)).code, 0);
  assert.equal(
    fs.readFileSync(lines, "utf8").split("\n")[1],
    `{"n":2,"x":null,"ok":null,"mix":"True","none":null,"list":{"b":1},"big":"5n",` +
      `"_stet_timestamp":"${time}"}`,
  );
});

test("stet export --plain to Parquet has a type for each column, and NULL", {
  skip: noDuckDb,
}, async (t) => {
  const store = tempStore(t);
  await fill(store, rows.map((row) => ({ ...row, long: 2n ** 60n })));
  const file = `${store}.parquet`;
  const columns = "n,x,ok,mix,none,list,big,long,_stet_timestamp";
  assert.equal(
    (await stet("export", store, "--plain", "-o", file, "--columns", columns)).code,
    0,
  );
  const types = await duckDbRows(`DESCRIBE SELECT * FROM '${file}'`);
  assert.deepEqual(
    types.map(({ column_name, column_type }) => `${column_name} ${column_type}`).join(", "),
    "n BIGINT, x DOUBLE, ok BOOLEAN, mix VARCHAR, none VARCHAR, list VARCHAR, big VARCHAR, " +
      "long BIGINT, _stet_timestamp TIMESTAMP WITH TIME ZONE",
  );
  assert.deepEqual(
    await duckDbRows(`SELECT * EXCLUDE (n, long, _stet_timestamp) FROM '${file}' ORDER BY n`),
    [
      {
        x: 0.5,
        ok: true,
        mix: "true",
        none: null,
        list: '[1,"a","nan"]',
        big: "1180591620717411303424",
      },
      { x: null, ok: null, mix: "True", none: null, list: '{"b":1}', big: "5n" },
      { x: NaN, ok: false, mix: "7", none: null, list: "[1]", big: "1e-05" },
    ],
  );
});

test("stet export --plain refuses the store itself, a file that is there, and formats without plain values", async (t) => {
  const store = tempStore(t);
  await fill(store, [{ a: "x\ny" }]);
  const bytes = fs.readFileSync(store);
  const refusals: readonly (readonly [args: readonly string[], code: number, message: RegExp])[] = [
    [["-o", store, "--force"], 2, /another file than the store/],
    [["-o", `${store}.sqlite`], 2, /--plain writes \.csv, .*\.parquet, got/],
    [["-o", `${store}.csv`, "--append"], 2, /--append and --plain exclude each other/],
    [["-o", join(store, "..", "none", "a.csv")], 3, /Cannot write ".*none\/a\.csv"/],
    [["-o", `${store}.csv`, "--columns", "b"], 2, /Cannot find column "b"/],
  ];
  for (const [args, code, message] of refusals) {
    const found = await stet("export", store, "--plain", ...args);
    assert.match(found.lines, message);
    assert.equal(found.code, code, found.lines);
  }
  fs.writeFileSync(`${store}.csv`, "theirs");
  const found = await stet("export", store, "--plain", "-o", `${store}.csv`);
  assert.match(found.lines, /is there already/);
  assert.equal(fs.readFileSync(`${store}.csv`, "utf8"), "theirs");
  assert.deepEqual(fs.readFileSync(store), bytes);
  const folder = fs.readdirSync(join(store, ".."));
  assert.deepEqual(folder.filter((name) => name.startsWith(".")), []);
});
