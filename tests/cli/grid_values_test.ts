import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { readAxis } from "../../cli/grids/axis.ts";
import { globFiles } from "../../cli/grids/glob_files.ts";
import { readGrid } from "../../cli/grids/grid.ts";
import { dates } from "../../mod.ts";
import { runtimes } from "../runtimes.ts";
import { tempFolder } from "../temp_folder.ts";
import { cli } from "../workers/cli_process.ts";

const own = runtimes.find(({ command }) => command === process.execPath)!;
const valuesOf = (text: string, input?: string): unknown[] => readAxis(`a=${text}`, { input })[1];

test("an axis takes ranges of dates, as dates() gives them", () => {
  assert.deepEqual(valuesOf("2024-01-01..2024-12-31"), [...dates("2024-01-01", "2024-12-31")]);
  assert.deepEqual(valuesOf("2024-01-01..2024-02-01..7d"), [
    "2024-01-01",
    "2024-01-08",
    "2024-01-15",
    "2024-01-22",
    "2024-01-29",
  ]);
  assert.deepEqual(valuesOf("2024-01-31..2024-03-31..1mo,2024-06-30"), [
    "2024-01-31",
    "2024-02-29",
    "2024-03-31",
    "2024-06-30",
  ]);
  assert.deepEqual(valuesOf("2023-12..2024-01,2020"), ["2023-12", "2024-01", "2020"]);
  assert.deepEqual(valuesOf("2024-01-01T00:00Z..2024-01-01T12:00Z..12h"), [
    "2024-01-01T00:00Z",
    "2024-01-01T12:00Z",
  ]);
  assert.deepEqual(valuesOf("2020..2022"), [2020, 2021, 2022]);
});

test("an axis takes the lines of a file, and of standard input", (t) => {
  const file = join(tempFolder(t), "prompts.txt");
  fs.writeFileSync(file, "\ufeffSay: hi..there\r\n\r\n1\n  two\n1\n");
  assert.deepEqual(valuesOf(`@${file}`), ["Say: hi..there", "1", "two"]);
  assert.deepEqual(valuesOf(`0,@${file}`), ["0", "Say: hi..there", "1", "two"]);
  assert.deepEqual(valuesOf("@-", "1\n0.5\n"), [1, 0.5]);
  assert.deepEqual(valuesOf("@-,7", "null\n"), [null, 7]);
  assert.deepEqual(readAxis(`a:text=@-`, { input: "1\ntrue\n" })[1], ["1", "true"]);
  assert.deepEqual(valuesOf('"@none"'), ["@none"]);
  assert.throws(() => valuesOf("@none.txt"), /names a file of values that is not there.*quote it/);
  assert.throws(() => valuesOf("@-", "\n \n"), /standard input has no lines/);
});

test("an axis takes the paths that match a pattern, sorted, as texts", (t) => {
  const folder = tempFolder(t);
  fs.mkdirSync(join(folder, "x/deep"), { recursive: true });
  fs.mkdirSync(join(folder, ".hidden"));
  for (
    const name of ["b.json", "a.json", "b10.json", "B.json", ".h.json", "é.json", "1", "a+b(1).txt"]
  ) {
    fs.writeFileSync(join(folder, name), "");
  }
  for (const name of ["x/c.json", "x/deep/d.json", ".hidden/e.json"]) {
    fs.writeFileSync(join(folder, name), "");
  }
  const found = (pattern: string): string[] =>
    globFiles(`${folder}/${pattern}`).map((path) => path.slice(folder.length + 1));
  assert.deepEqual(found("*.json"), ["B.json", "a.json", "b.json", "b10.json", "é.json"]);
  assert.deepEqual(found("?.json"), ["B.json", "a.json", "b.json", "é.json"]);
  assert.deepEqual(found("[ab]*.json"), ["a.json", "b.json", "b10.json"]);
  assert.deepEqual(found("[!a-b]*.json"), ["B.json", "é.json"]);
  assert.deepEqual(found(".*.json"), [".h.json"]);
  assert.deepEqual(found("*+b(*).txt"), ["a+b(1).txt"]);
  assert.deepEqual(found("*/*.json"), ["x/c.json"]);
  assert.deepEqual(found("x/**/*.json"), ["x/c.json", "x/deep/d.json"]);
  assert.deepEqual(found("**/d.json"), ["x/deep/d.json"]);
  assert.deepEqual(found("none/*"), []);
  assert.deepEqual(valuesOf(`${folder}/x/*.json,none`), [`${folder}/x/c.json`, "none"]);
  assert.throws(() => valuesOf(`${folder}/*.csv`), /matches no file; if it is a text, quote it/);
  assert.deepEqual(valuesOf('"2*3"'), ["2*3"]);
  assert.deepEqual(readAxis("a:text=2*3")[1], ["2*3"]);
});

test("a word before a colon and two dots are never a text by themselves", () => {
  for (
    const [text, message] of [
      [
        "unifrom:0..1",
        /begins with unifrom:, which is no kind of values \(did you mean uniform\?\)/,
      ],
      ["normal:0..1", /no kind of values/],
      ["gpt:4", /if it is a text, quote it: '"gpt:4"'/],
      ["1,choice:2", /"choice:2" is drawn at random, and cannot be one of several values/],
      ["LOG:1..2:3", /begins with LOG:/],
      ["2024-01-01..", /is not first\.\.last/],
      ["..5", /is not first\.\.last/],
      ["2024/01/01..2024/01/05", /dates \(2024-01-01\.\.2024-12-31\.\.7d\)/],
      ["2024-01-01..5", /is not first\.\.last/],
      ["0..10..7d", /is not first\.\.last/],
      ["0...5", /has three dots; two make a range: 0\.\.5/],
      ["2024-01-01...2024-01-31", /has three dots; two make a range: 2024-01-01\.\.2024-01-31/],
      ["2024-01-01:2024-01-31", /is written 2024-01-01\.\.2024-01-31 if it is a range of dates/],
      [
        "2024-01/2024-03",
        /is written 2024-01\.\.2024-03 if it is a range of dates; if it is a text/,
      ],
      ["2024-01-01..today", /needs a date for today.*: 2024-01-01\.\.\$\(date \+%F\)/],
      ["2024-01-01..2024-02-30", /end is no date of the calendar/],
      ["2024-01-01..2024-01-02..6h", /step 6h is finer than the ends/],
      ["2024-12-31..2024-01-01", /pass -1d/],
    ] as const
  ) assert.throws(() => valuesOf(text), { name: "UsageError", message }, text);
  for (const text of ["http://a.b/c", "C:\\x", "12:30", "a:b", "wait...", "x/../y", '"gpt:4"']) {
    assert.deepEqual(valuesOf(text), [text.replaceAll('"', "")]);
  }
  assert.throws(() => readAxis("d:number=2024-01-01..2024-01-02"), /2024-01-01 is no number/);
});

test("a single text that is a range in other programs is said", () => {
  const noteOf = (text: string): string | undefined => readAxis(text)[2].note;
  assert.equal(noteOf("seed=0-4"), 'seed is the text "0-4"; numbers from 0 to 4 are 0..4');
  assert.equal(noteOf("seed=0:4"), 'seed is the text "0:4"; numbers from 0 to 4 are 0..4');
  for (const text of ["age=0-4,5-9", "ratio=16:9", "seed:text=0-4", "seed=0..4"]) {
    assert.equal(noteOf(text), undefined, text);
  }
});

test("-g - reads a CSV, JSON Lines or a JSON array from standard input", async () => {
  const read = async (input: string, ...more: string[]): Promise<unknown[]> => {
    const grid = await readGrid({ grid: ["-", ...more] }, () => {}, () => Promise.resolve(input));
    return [...grid.combinations];
  };
  assert.deepEqual(await read("a,b\n1,x\n2,y\n"), [{ a: 1, b: "x" }, { a: 2, b: "y" }]);
  assert.deepEqual(await read("seed\n1\n2\n", "n=3"), [{ seed: 1, n: 3 }, { seed: 2, n: 3 }]);
  const lines = '{"a":1}\n{"a":"1","b":[2]}\n';
  assert.deepEqual(await read(lines), [{ a: 1 }, { a: "1", b: [2] }]);
  assert.deepEqual(await read('\n[{"a":1}]'), [{ a: 1 }]);
  for (
    const [input, message] of [
      ["data/a.json\ndata/b.json\n", /"data\/a\.json", names no column; .*-g name=@-/],
      ["17\n18\n", /names no column/],
      ["", /-g - has no combinations|combinations of -g -/],
      ['{"a":', /cannot read the combinations of -g - \(.*"-"/],
    ] as const
  ) await assert.rejects(read(input), { name: "UsageError", message }, input);
  await assert.rejects(read("a\n1\n", "b=@-"), {
    message: /-g - and -g b=@- both read standard input/,
  });
});

/** Runs a command line with standard input and environment variables. */
function run(input: string, env: Record<string, string>, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(own.command, [...own.args, cli, ...args], {
    encoding: "utf8",
    input,
    env: { ...process.env, ...env },
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

test("standard input is read by the command line, and leaves no file", { timeout: 60_000 }, (t) => {
  const folder = tempFolder(t);
  const args = ["run", "-s", join(folder, "runs.csv"), "--dry-run"];
  const env = { TMPDIR: folder };
  assert.equal(run("a\nb\n", env, ...args, "-g", "f=@-", "--", "wc", "{f}"), "f=a\nf=b\n");
  assert.equal(run("f,n\na,1\n", env, ...args, "-g", "-", "--", "wc", "{f}"), "f=a n=1\n");
  assert.deepEqual(fs.readdirSync(folder).filter((name) => /stet|runs/.test(name)), []);
});

test("days have 24 hours in every time zone", { timeout: 120_000 }, (t) => {
  const store = join(tempFolder(t), "runs.csv");
  const grid = ["-g", "d=2011-12-28..2012-01-02", "-g", "t=2024-03-09T22:00..2024-03-11T02:00..1h"];
  const wanted = [...dates("2011-12-28", "2012-01-02")].flatMap((d) =>
    [...dates("2024-03-09T22:00", "2024-03-11T02:00", "1h")].map((time) => `d=${d} t=${time}\n`)
  ).join("");
  assert.equal(wanted.split("\n").length, 6 * 29 + 1);
  for (const TZ of ["America/New_York", "Pacific/Apia", "Australia/Lord_Howe", "UTC"]) {
    const args = ["run", "-s", store, ...grid, "--dry-run", "--", "true", "{d}", "{t}"];
    assert.equal(run("", { TZ }, ...args), wanted, TZ);
  }
});
