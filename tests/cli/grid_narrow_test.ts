import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type GridValues, readGrid } from "../../cli/grids/grid.ts";
import { main } from "../../cli/main.ts";
import { shardItems } from "../../core/sweeps/shard.ts";
import {
  dates,
  expandGrid,
  geomSpace,
  hashParams,
  openBackend,
  range,
  type Row,
  sampleGrid,
} from "../../mod.ts";
import { tempFolder } from "../temp_folder.ts";

async function rowsOf(
  grid: readonly string[],
  options: Omit<GridValues, "grid"> = {},
): Promise<Row[]> {
  const read = await readGrid({ grid, ...options });
  const rows = [...read.combinations];
  assert.equal(rows.length, read.count);
  return rows;
}

function idsOf(rows: Iterable<object>): string[] {
  return Array.from(rows, (params) => hashParams(params));
}

function digest(rows: Iterable<object>): string {
  return createHash("sha256").update(idsOf(rows).join("")).digest("hex").slice(0, 16);
}

/** A grid of every kind of values, as the command line and as the library spell it. */
const written = [
  "lr=log:1e-5..1:50",
  "day=2024-01-31..2026-01-31..1mo",
  "model=s,m,s",
  "batch=64,32,8",
];
const zip = [["model", "batch"]];
const filter = "lr < 0.1 or batch > 32";
const built = expandGrid({
  lr: geomSpace(1e-5, 1, 50),
  day: dates("2024-01-31", "2026-01-31", "1mo"),
  model: ["s", "m", "s"],
  batch: [64, 32, 8],
}, { zip: ["model", "batch"] });
const passes = ({ lr, batch }: { lr: number; batch: number }): boolean => lr < 0.1 || batch > 32;

test("a grid is zipped, filtered and sampled as by the library", async () => {
  assert.deepEqual(await rowsOf(written, { zip }), [...built]);
  assert.deepEqual(await rowsOf(written, { zip, filter }), built.filter(passes).toArray());
  for (const [sample, seed] of [[1, 0], [200, 1], [5000, 2]] as const) {
    assert.deepEqual(
      await rowsOf(written, { zip, filter, sample, seed }),
      [...sampleGrid(built.filter(passes), sample, seed)],
    );
    assert.deepEqual(await rowsOf(written, { zip, sample, seed }), [
      ...sampleGrid(built, sample, seed),
    ]);
  }
});

test("shards take their parts of the sample, and all of it together", async () => {
  const options = { zip, filter, sample: 200, seed: 1 };
  const all = idsOf(await rowsOf(written, options));
  assert.equal(new Set(all).size, 200);
  for (const count of [1, 3, 7, 200, 300]) {
    const found: string[] = [];
    for (let index = 0; index < count; index++) {
      const grid = await readGrid({ grid: written, ...options });
      const part = idsOf(shardItems(grid.combinations, { index, count }) as Iterable<Row>);
      assert.deepEqual(part, all.filter((_, i) => i % count === index));
      found.push(...part);
    }
    assert.deepEqual(found.sort(), all.toSorted());
  }
});

test("the combinations of a grid are the same on all runtimes and in all versions", async () => {
  const options = { zip, filter, sample: 200, seed: 1 };
  assert.equal(digest(await rowsOf(written, options)), "c67883c9788aa8d1");
  const drawn = ["x=uniform:-1..1", "lr=loguniform:1e-9..3e7", "m=choice:a,b,1..3", "s=0..9"];
  const rows = await rowsOf(drawn, { filter: "x > 0", sample: 500, seed: 42 });
  assert.equal(rows.length, 500);
  assert.equal(digest(rows), "a67c1c4104adfeaa");
});

test("draws are those of sampleGrid(), without the ones that do not pass", async () => {
  const spec = {
    lr: { logUniform: [1e-4, 0.1] },
    x: { uniform: [0, 1] },
    m: ["a", "b"],
    s: range(0, 9),
  } as const;
  const drawn = ["lr=loguniform:1e-4..0.1", "x=uniform:0..1", "m=choice:a,b", "s=0..9"];
  assert.deepEqual(await rowsOf(drawn, { sample: 50, seed: 3 }), [...sampleGrid(spec, 50, 3)]);
  const filtered = await rowsOf(drawn, { sample: 50, seed: 3, filter: "lr < 0.001 and s != 5" });
  const wanted = sampleGrid(spec, 1000, 3).filter(({ lr, s }) => lr < 0.001 && s !== 5).take(50);
  assert.deepEqual(filtered, wanted.toArray());
  const few = await rowsOf(drawn, { sample: 20, seed: 3 });
  assert.deepEqual(few, (await rowsOf(drawn, { sample: 50, seed: 3 })).slice(0, 20));
});

test("a sample repeats nothing, and says if there are fewer combinations than it wants", async () => {
  const notes: string[] = [];
  const sampleOf = async (grid: string[], sample: number): Promise<number> => {
    const { combinations } = await readGrid({ grid, sample }, (line) => notes.push(line));
    const ids = idsOf(combinations);
    assert.equal(new Set(ids).size, ids.length);
    return ids.length;
  };
  assert.equal(await sampleOf(["a=0..9", "b=0..9"], 100), 100);
  assert.equal(await sampleOf(["a=0..99999", "b=0..99999", "c=0..9999"], 1000), 1000);
  assert.equal(await sampleOf(["a=choice:0..9", "b=0..9"], 100), 100);
  assert.deepEqual(notes, []);
  assert.equal(await sampleOf(["a=0..9"], 11), 10);
  assert.equal(await sampleOf(["a=choice:1,2,3"], 200), 3);
  assert.deepEqual(notes, [
    "[stet] Note: there are 10 combinations only, fewer than --sample 11",
    "[stet] Note: there are 3 combinations only, fewer than --sample 200",
  ]);
});

test("zipped params keep repeats, their spelling and their place; columns of a file are one", async (t) => {
  const file = join(tempFolder(t), "todo.csv");
  fs.writeFileSync(file, "f,n\nx,1\ny,2\n");
  const grid = await readGrid({
    grid: ["seed=0,1", "on=True,True", file, "lr=1e-4,.5"],
    zip: [["lr", "f", "on"]],
  });
  assert.deepEqual(
    [...grid.combinations].map((row) => grid.spelled(row)).slice(0, 2),
    [
      { seed: 0, lr: "1e-4", f: "x", n: "1", on: "True" },
      { seed: 0, lr: ".5", f: "y", n: "2", on: "True" },
    ].map((row) => ({ ...row, n: Number(row.n) })),
  );
  assert.equal(grid.count, 4);
  assert.equal((await rowsOf(["a=1,1", "b=2,2"], { zip: [["a", "b"]] })).length, 1);
});

test("options that do not fit the grid are usage errors", async () => {
  const grid = ["alpha=1..3", "beta=1..2"];
  for (
    const [options, message] of [
      [{ zip: [["alpha", "beta"]] }, /different lengths: alpha has 3, beta has 2/],
      [{ zip: [["alpha", "bata"]] }, /Cannot zip bata: .*did you mean beta\?/],
      [{ zip: [["alpha"]] }, /Cannot zip alpha alone/],
      [{ filter: "alpa > 1" }, /--filter: .*did you mean alpha\?/],
      [{ filter: "alpha >" }, /--filter: .*at character 8/],
      [{ filter: "alpha > 9" }, /--filter "alpha > 9" lets no combination through/],
      [{ seed: 1 }, /--seed needs --sample/],
    ] as const
  ) await assert.rejects(readGrid({ grid, ...options }), { name: "UsageError", message });
  for (
    const [values, options, message] of [
      ["a=uniform:0..1", {}, /a is drawn at random: say how many combinations, as in --sample 200/],
      ["a=choice:1,2", {}, /a is drawn at random/],
      ["a=uniform:0", { sample: 1 }, /is not uniform:low\.\.high, as in uniform:/],
      ["a=uniform:1..0", { sample: 1 }, /low is 1, and must not be above high, 0/],
      ["a=loguniform:0..1", { sample: 1 }, /low is 0, and must be above 0/],
      ["a=uniform:0..1,5", { sample: 1 }, /is not uniform:low\.\.high/],
      ["result=uniform:0..1", { sample: 1 }, /columns of stet's own/],
      ["a=uniform:0..1", { sample: 5, filter: "a > 1" }, /lets no combination through/],
    ] as const
  ) await assert.rejects(readGrid({ grid: [values], ...options }), { name: "UsageError", message });
  const many = ["a=0..99999", "b=0..99999"];
  await assert.rejects(readGrid({ grid: many, filter: "a > b" }), {
    message: /write choice: before/,
  });
  const drawn = ["a=uniform:0..1", "b=1,2"];
  await assert.rejects(readGrid({ grid: drawn, zip: [["a", "b"]], sample: 2 }), {
    name: "UsageError",
    message: /Cannot zip a: it is drawn at random/,
  });
});

test("coverage of a part of a grid counts that part, by axis and in its order", async (t) => {
  const store = join(tempFolder(t), "runs.csv");
  const backend = await openBackend(store);
  const args = [
    "-g",
    "a=1..4",
    "-g",
    "b=1..3",
    "--filter",
    "a != b",
    "--sample",
    "5",
    "--seed",
    "1",
  ];
  const part = await rowsOf(["a=1..4", "b=1..3"], { filter: "a != b", sample: 5, seed: 1 });
  for (const row of [...part.slice(1, 3), { a: 1, b: 1 }]) await backend.record(row);
  await backend.close();
  const lines: string[] = [];
  const coverage = async (...more: string[]): Promise<string[]> => {
    lines.length = 0;
    const io = { log: (line: string) => void lines.push(line), error: assert.fail };
    assert.equal(await main(["coverage", store, ...args, ...more], io), 0);
    return lines;
  };
  const found = JSON.parse((await coverage("--json"))[0]!);
  assert.deepEqual([found.total, found.done, found.missing, found.outside], [5, 2, 3, 1]);
  for (const axis of found.axes) {
    const sum = (name: string): number =>
      axis.reduce((all: number, each: Record<string, number>) => all + each[name]!, 0);
    assert.deepEqual([sum("total"), sum("done")], [5, 2]);
  }
  const missing = (await coverage("--list", "missing", "--json")).map((line) => JSON.parse(line));
  assert.deepEqual(missing, [part[0], part[3], part[4]]);
});
