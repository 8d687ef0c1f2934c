import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readAxis } from "../../cli/grids/axis.ts";
import { readGrid } from "../../cli/grids/grid.ts";
import { expandGrid, openBackend, type Row } from "../../mod.ts";
import { tempFolder } from "../temp_folder.ts";

const valuesOf = (text: string): unknown[] => readAxis(`a=${text}`)[1];

test("an axis takes values as a CSV store writes them", () => {
  assert.deepEqual(valuesOf("0.1,0.5"), [0.1, 0.5]);
  assert.deepEqual(valuesOf("adam, sgd"), ["adam", "sgd"]);
  assert.deepEqual(valuesOf("true,False,null,None,nan"), [true, false, null, NaN]);
  assert.deepEqual(valuesOf('"1",1,1'), ["1", 1]);
  assert.deepEqual(valuesOf("9007199254740993"), [9007199254740993n]);
  assert.deepEqual(valuesOf("../data,C:\\x,a=b"), ["../data", "C:\\x", "a=b"]);
});

test("a value of an axis is a number only if its text loses nothing, and one text makes all text", () => {
  for (const text of ["7", "-0.5", ".5", "1e-4", "1e-05", "2.5e+20", "12000", "0"]) {
    assert.deepEqual(valuesOf(text), [Number(text)], text);
  }
  for (
    const text of [
      "007",
      "+15",
      "3.10",
      "1.0",
      "5.",
      "12E3",
      "12e3",
      "1e400",
      "1e-400",
      "-0",
      "0.10",
      "00",
      "-07",
    ]
      .concat("0.1000000000000000055511151231257827", "123456789012345678.5", "0x10", "1_000")
  ) assert.deepEqual(valuesOf(text), [text]);
  assert.deepEqual(valuesOf("3.8,3.9,3.10"), ["3.8", "3.9", "3.10"]);
  assert.deepEqual(valuesOf("None,small,true,nan"), ["None", "small", "true", "nan"]);
  assert.deepEqual(valuesOf("0..2,test"), ["0", "1", "2", "test"]);
  assert.deepEqual(valuesOf('"a",1,null,[1]'), ["a", 1, null, [1]]);
  assert.deepEqual(valuesOf("1e-4,0.0001"), [0.0001]);
});

test("name:text= and name:number= say by hand what an axis holds", () => {
  const axis = (text: string): unknown[] => readAxis(text).slice(0, 2);
  assert.deepEqual(axis("v:text=3.8,7,true,1..2"), ["v", ["3.8", "7", "true", "1..2"]]);
  assert.deepEqual(axis("v:number=3.10,007"), ["v", [3.1, 7]]);
  assert.deepEqual(axis("a:b=1"), ["a:b", [1]]);
  assert.throws(() => readAxis("v:number=a"), { name: "UsageError", message: /a is no number/ });
  assert.throws(() => readAxis("v:number=1e400"), {
    message: /1e400 is more than a number can be/,
  });
});

test("a text that looks like a range and is none is an error", () => {
  for (
    const [text, message] of [
      ["a..c", /"a\.\.c" is not first\.\.last/],
      ["v1..v2", /quote it: '"v1\.\.v2"'/],
      ["001..010", /001 would lose its first character/],
      ["1..x..2", /is not first\.\.last/],
      ["1..2..x", /is not first\.\.last/],
    ] as const
  ) assert.throws(() => valuesOf(text), { name: "UsageError", message }, text);
  for (const text of ["../a", "a/..", "x/../y", "wait...", "...", "..", '"a..c"', "..\\x"]) {
    assert.deepEqual(valuesOf(text), [text.replaceAll('"', "")]);
  }
});

test("a note says once that a param is text where numbers may have been meant", async () => {
  const notes: string[] = [];
  await readGrid(
    { grid: ["python=3.9,3.10", "model=None,small", "a=x,y", "seed=1,2", "id:text=007", "b=1.0"] },
    (line) => notes.push(line),
  );
  assert.equal(notes.length, 3);
  assert.match(
    notes[0]!,
    /python is text: "3\.10" as a number would be 3\.1, and so are its other/,
  );
  assert.match(notes[0]!, /-g python:number=/);
  assert.match(notes[1]!, /model is text, "None" too, since "small" is/);
  assert.match(notes[2]!, /b is text: "1\.0" as a number would be 1;/);
  assert.match(readAxis("k=0..5,abc")[2].note!, /k is text, "0" too, since "abc" is/);
  assert.match(readAxis("k=0..5,007")[2].note!, /"007" as a number .* and so are its other values/);
  assert.equal(readAxis("k=0..5,7")[2].note, undefined);
  const grid = await readGrid({ grid: ["id=7,8", "n=3.10"], text: ["id"], number: ["n"] });
  assert.deepEqual([...grid.combinations], [{ id: "7", n: 3.1 }, { id: "8", n: 3.1 }]);
  for (
    const [values, message] of [
      [{ text: ["idd"] }, /--text names "idd", which is not there; did you mean "id"/],
      [{ text: ["id"], number: ["id"] }, /in --text and in --number/],
    ] as const
  ) await assert.rejects(readGrid({ grid: ["id=7"], ...values }), { name: "UsageError", message });
});

test("a grid knows the texts that its values were written as", async (t) => {
  const file = join(tempFolder(t), "todo.csv");
  fs.writeFileSync(file, "lr,sample\n1e-4,007\n.5,10\n");
  const grid = await readGrid({ grid: [file, "on=True,false", "n:number=3.10", "s=1..2"] });
  assert.deepEqual([...grid.combinations].map((each) => grid.spelled(each)).slice(0, 2), [
    { lr: "1e-4", sample: "007", on: "True", n: "3.10", s: 1 },
    { lr: "1e-4", sample: "007", on: "True", n: "3.10", s: 2 },
  ]);
  assert.deepEqual([...grid.combinations][7], { lr: 0.5, sample: "10", on: false, n: 3.1, s: 2 });
  assert.equal(grid.spelled({ lr: 0.5, sample: "10", on: false, n: 3.1, s: 2 })["on"], false);
});

test("a column of a file of combinations is text where one of its values must be", async (t) => {
  const file = join(tempFolder(t), "identifiers.csv");
  fs.writeFileSync(file, "sample,tool,score\n007,3.10,0.5\n0010,3.9,0.7\n");
  const notes: string[] = [];
  const grid = await readGrid({ grid: [file] }, (line) => notes.push(line));
  assert.deepEqual([...grid.combinations], [
    { sample: "007", tool: "3.10", score: 0.5 },
    { sample: "0010", tool: "3.9", score: 0.7 },
  ]);
  assert.equal(notes.length, 2);
  const byHand = await readGrid({ grid: [file], number: ["sample", "tool"], text: ["score"] });
  assert.deepEqual([...byHand.combinations][0], { sample: 7, tool: 3.1, score: "0.5" });
});

test("commas within quotes, brackets and braces are part of an axis's value", () => {
  assert.deepEqual(valuesOf('"a,b",c'), ["a,b", "c"]);
  assert.deepEqual(valuesOf('"say \\"a,b\\"", "\\\\",x'), ['say "a,b"', "\\", "x"]);
  assert.deepEqual(valuesOf('[64,64],[128],{"n":[1,2]}'), [[64, 64], [128], { n: [1, 2] }]);
  assert.deepEqual(valuesOf('""'), [""]);
  assert.deepEqual(valuesOf(`it's "so",b`), [`it's "so"`, "b"]);
});

test("an axis takes ranges and spacings, both ends included, and mixes them", () => {
  assert.deepEqual(valuesOf("0..4"), [0, 1, 2, 3, 4]);
  assert.deepEqual(valuesOf("-1..1"), [-1, 0, 1]);
  assert.deepEqual(valuesOf("0..1..0.25"), [0, 0.25, 0.5, 0.75, 1]);
  assert.deepEqual(valuesOf("3..1..-1"), [3, 2, 1]);
  assert.deepEqual(valuesOf("lin:0..1:5"), [0, 0.25, 0.5, 0.75, 1]);
  assert.deepEqual(valuesOf("log:1e-4..1e-1:4"), [0.0001, 0.001, 0.01, 0.1]);
  assert.deepEqual(valuesOf("0..2,1..3,10"), [0, 1, 2, 3, 10]);
});

test("a text that is no axis is an error that names the forms", () => {
  for (
    const [text, message] of [
      ["a=", /a value is missing/],
      ["a=1,,2", /a value is missing/],
      [
        "a=1..x",
        /"1\.\.x" is not first\.\.last or first\.\.last\.\.step, .*; if it is a text, quote/,
      ],
      ["a=1..2..3..4", /is not first\.\.last/],
      ["a=lin:0..1", /is not lin:first\.\.last:count/],
      ["a=log:0..1:5", /start is 0, and must be above 0/],
      ["a=5..0", /step 1 leads away from the end; pass -1/],
      ['a="x', /does not end/],
      ["a=[1,2", /does not end/],
      ["a=0..1e12", /more than 10000000 values/],
      ["=1", /needs at least one character/],
      ["result=1", /columns of stet's own/],
      ["_stet_x=1", /columns of stet's own/],
    ] as const
  ) assert.throws(() => readAxis(text), { name: "UsageError", message }, text);
});

test("several -g are multiplied as expandGrid does, and counted without going through them", async () => {
  const grid = await readGrid({ grid: ["model=a,b", "seed=1..3"] });
  assert.deepEqual([...grid.combinations], [
    ...expandGrid({ model: ["a", "b"], seed: [1, 2, 3] }),
  ]);
  assert.deepEqual([grid.count, grid.names], [6, ["model", "seed"]]);
  const huge = await readGrid({ grid: ["a=0..99999", "b=0..99999", "c=0..99999"] });
  assert.equal(huge.count, 1e15);
  const [first] = huge.combinations;
  assert.deepEqual(first, { a: 0, b: 0, c: 0 });
});

test("a file of combinations is multiplied with axes; results and stet's columns do not count", async (t) => {
  const file = join(tempFolder(t), "combos.csv");
  fs.writeFileSync(
    file,
    'model,lr,result.loss,_stet_timestamp\na,0.1,1,x\nb,,2,x\n"""7""",1,3,x\na,0.1,4,x\n',
  );
  const grid = await readGrid({ grid: [file, "seed=1,2"] });
  const expected: Row[] = [{ model: "a", lr: 0.1 }, { model: "b" }, { model: "7", lr: 1 }];
  assert.deepEqual(
    [...grid.combinations],
    expected.flatMap((part) => [{ ...part, seed: 1 }, { ...part, seed: 2 }]),
  );
  assert.deepEqual([grid.count, grid.names], [6, ["model", "lr", "seed"]]);
});

test("JSON and JSON Lines are files of combinations too", async (t) => {
  const folder = tempFolder(t);
  const combinations = [{ n: 1, on: true, layers: [1, 2] }, { n: "1", on: null, layers: "007" }];
  const json = join(folder, "combos.json");
  const lines = join(folder, "combos.jsonl");
  fs.writeFileSync(json, JSON.stringify(combinations, undefined, 2));
  fs.writeFileSync(lines, combinations.map((each) => JSON.stringify(each)).join("\n"));
  for (const file of [json, lines]) {
    assert.deepEqual([...(await readGrid({ grid: [file] })).combinations], combinations);
  }
  assert.deepEqual(fs.readdirSync(folder).sort(), ["combos.json", "combos.jsonl"]);
});

test("a store is a file of combinations, whatever its kind", async (t) => {
  const folder = tempFolder(t);
  const params: Row[] = [{ n: 1, text: "1" }, { n: 2, text: "true" }];
  for (const name of ["runs.csv", "runs.json", "runs.jsonl", "runs.sqlite"]) {
    const store = join(folder, name);
    const backend = await openBackend(store);
    for (const row of params) await backend.record({ ...row, "result.loss": 1 });
    await backend.close();
    assert.deepEqual([...(await readGrid({ grid: [store] })).combinations], params, name);
  }
});

test("a grid that is missing, empty, twice named or unreadable is a usage error", async (t) => {
  const folder = tempFolder(t);
  const empty = join(folder, "empty.csv");
  const broken = join(folder, "broken.json");
  const named = join(folder, "named.csv");
  fs.writeFileSync(empty, "a,b\n");
  fs.writeFileSync(broken, "{");
  fs.writeFileSync(named, "a\n1\n");
  for (
    const [grid, message] of [
      [[], /there is no grid/],
      [["a=1", "b=2", "a=3"], /names "a" twice/],
      [[named, "a=1"], /names "a" twice/],
      [[empty], /has no combinations/],
      [[join(folder, "none.csv")], /none\.csv.*no such file/],
      [["seed"], /cannot read the combinations of -g seed .*name=values/],
      [[broken], /cannot read the combinations/],
    ] as const
  ) await assert.rejects(readGrid({ grid }), { name: "UsageError", message }, String(grid));
});
