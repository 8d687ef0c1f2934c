import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import fc from "fast-check";
import { main } from "../../cli.ts";
import {
  expandGrid,
  once,
  openBackend,
  range,
  sampleGrid,
  sweep,
  type SweepOptions,
  zipGrid,
} from "../../mod.ts";
import { tempFolder } from "../temp_folder.ts";

const quiet = { handleSignals: false, log: () => {} } as const;

function square(store: string): ReturnType<typeof once<[{ seed: number }], number>> {
  return once(({ seed }: { seed: number }): number => seed * seed, { store, quiet: true });
}

/** The seeds that a shard of params runs on a store of its own. */
async function seedsOf(
  params: Iterable<{ seed: number }> | AsyncIterable<{ seed: number }>,
  shard: NonNullable<SweepOptions["shard"]>,
): Promise<number[]> {
  const seeds: number[] = [];
  for await (const { params: { seed } } of sweep(square(":memory:"), params, { ...quiet, shard })) {
    seeds.push(Number(seed));
  }
  return seeds;
}

test("the shards of params have each item once, whatever kind of iterable they are", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 1, max: 12 }),
      fc.constantFrom("array", "grid", "generator", "async"),
      async (length, count, kind) => {
        const seeds = Array.from({ length }, (_, seed) => ({ seed }));
        const params = (): Iterable<{ seed: number }> | AsyncIterable<{ seed: number }> =>
          kind === "array"
            ? seeds
            : kind === "grid"
            ? expandGrid({ seed: seeds.map(({ seed }) => seed) })
            : kind === "generator"
            ? seeds.values()
            : (async function* () {
              yield* seeds;
            })();
        const all: number[] = [];
        for (let index = 0; index < count; index++) {
          const part = await seedsOf(params(), { index, count });
          // By position: a part is the same on every runtime.
          const expected = seeds.filter((_, i) => i % count === index).map(({ seed }) => seed);
          assert.deepEqual(part, expected);
          all.push(...part);
        }
        assert.deepEqual(all.sort((a, b) => a - b), seeds.map(({ seed }) => seed));
      },
    ),
    { numRuns: 60 },
  );
});

test("the shards of grids of several params have each combination once, with steal too", async () => {
  const axes = fc.record({ a: fc.integer({ min: 0, max: 6 }), b: fc.integer({ min: 1, max: 6 }) });
  await fc.assert(
    fc.asyncProperty(
      axes,
      fc.integer({ min: 1, max: 7 }),
      fc.constantFrom("product", "zip", "sample"),
      fc.boolean(),
      async ({ a, b }, count, kind, steal) => {
        const grid: Iterable<{ a: number; b: number }> = kind === "product"
          ? expandGrid({ a: range(0, a), b: range(0, b) })
          : kind === "zip"
          ? zipGrid({ a: range(0, a), b: range(b, a + b) })
          : sampleGrid({ a: range(0, a), b: [0, b] }, a + b, 7);
        const expected = [...grid].map((params) => JSON.stringify(params));
        const add = once(({ a, b }: { a: number; b: number }) => a + b, {
          store: ":memory:",
          quiet: true,
        });
        const ran: string[] = [];
        for (let index = 0; index < count; index++) {
          const shard = { index, count, steal };
          for await (const { status, params } of sweep(add, grid, { ...quiet, shard })) {
            if (status === "ran") ran.push(JSON.stringify(params));
          }
        }
        assert.deepEqual(ran.sort(), [...new Set(expected)].sort());
        await add.close();
      },
    ),
    { numRuns: 40 },
  );
});

test("a shard does not look at the items of other shards", async () => {
  let read = 0;
  const items = Array.from({ length: 100 }, (_, seed) => ({
    get seed(): number {
      read++;
      return seed;
    },
  }));
  const once = await seedsOf(items.slice(0, 10), { index: 0, count: 1 }).then(() => read / 10);
  read = 0;
  assert.equal((await seedsOf(items, { index: 2, count: 10 })).length, 10);
  assert.equal(read / 10, once);
});

test("a shard that steals goes on with the items of the others", async () => {
  const params = expandGrid({ seed: range(0, 6) });
  assert.deepEqual(await seedsOf(params, { index: 1, count: 3, steal: true }), [
    1,
    4,
    0,
    2,
    3,
    5,
    6,
  ]);
  assert.deepEqual(await seedsOf([...params], { index: 1, count: 3, steal: true }), [
    1,
    4,
    0,
    2,
    3,
    5,
    6,
  ]);
});

test("shards that make no sense are refused before anything runs", () => {
  const run = square(":memory:");
  const begin = (shard: unknown, params: Iterable<{ seed: number }> = []): void => {
    sweep(run, params, { shard: shard as { index: number; count: number } });
  };
  assert.throws(
    () => begin({ index: -1, count: 3 }),
    /shard.index must be a whole number from 0 to 2/,
  );
  assert.throws(() => begin({ index: 3, count: 3 }), RangeError);
  assert.throws(() => begin({ index: 1.5, count: 3 }), RangeError);
  assert.throws(
    () => begin({ index: 1, count: 0 }),
    /shard.count must be a whole number from 1 up/,
  );
  assert.throws(() => begin({ index: 1 }), RangeError);
  assert.throws(
    () => begin({ index: 0, count: 2, steal: true }, [{ seed: 1 }].values()),
    /can be read only once/,
  );
});

/** Runs the command line with variables in its environment. */
async function stet(
  variables: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<{ readonly code: number; readonly said: string }> {
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  Object.assign(process.env, variables);
  try {
    return { code: await main(args, { log: say, error: say }), said: said.join("\n") };
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
  }
}

for (const kind of ["list", "grid", "file"] as const) {
  test(`the parts of a ${kind} on the command line have each combination once`, async (t) => {
    const folder = tempFolder(t);
    const file = join(folder, "todo.csv");
    writeFileSync(file, "a,b\n" + Array.from({ length: 7 }, (_, i) => `${i},x${i}\n`).join(""));
    const given = {
      list: ["-g", "a=3,1,4,5,9,2,6", "-g", "b=x"],
      grid: ["-g", "a=0..2", "-g", "b=x,y,z"],
      file: ["-g", file],
    }[kind];
    const keysIn = async (store: string): Promise<string[]> => {
      const backend = await openBackend(store);
      const rows = await backend.load();
      await backend.close();
      return rows.map(({ a, b }) => `${a} ${b}`);
    };
    const run = async (name: string, ...shard: string[]): Promise<string[]> => {
      const store = join(folder, name);
      const args = [...given, "-j", "1", ...shard];
      const { code, said } = await stet({}, "run", "-s", store, ...args, "--", "true");
      assert.equal(code, 0, said);
      return await keysIn(store);
    };
    const all = await run("all.csv");
    for (const count of [2, 3]) {
      const parts: string[] = [];
      for (let index = 0; index < count; index++) {
        const part = await run(`${index} of ${count}.csv`, "--shard", `${index}/${count}`);
        assert.deepEqual(part, all.filter((_, i) => i % count === index));
        parts.push(...part);
      }
      assert.deepEqual(parts.sort(), all.toSorted());
    }
    const stolen = await run("stolen.csv", "--shard", "1/2", "--steal");
    assert.deepEqual(stolen.sort(), all.toSorted());
  });
}

test("--shard takes a part, or that of an array task", async (t) => {
  const store = join(tempFolder(t), "runs.csv");
  const run = (variables: Readonly<Record<string, string>>, ...shard: string[]) =>
    stet(variables, "run", "-s", store, "-g", "seed=0..9", "-j", "4", ...shard, "--", "true");
  assert.match((await run({}, "--shard", "0/4")).said, /3 ran, 0 skipped, 0 failed/);
  const slurm = {
    SLURM_ARRAY_TASK_ID: "12",
    SLURM_ARRAY_TASK_MIN: "10",
    SLURM_ARRAY_TASK_MAX: "16",
    SLURM_ARRAY_TASK_STEP: "2",
  };
  assert.match((await run(slurm, "--shard", "slurm")).said, /3 ran, 0 skipped/); // 1/4
  const kubernetes = { JOB_COMPLETION_INDEX: "2" };
  assert.match((await run(kubernetes, "--shard", "kubernetes/4")).said, /2 ran, 0 skipped/);
  assert.match((await run({}, "--shard", "0/4", "--steal")).said, /2 ran, 8 skipped/);

  for (
    const [variables, shard, said] of [
      [{}, ["--shard=-1/4"], /--shard must be a part such as 3\/100/],
      [{}, ["--shard", "3/3"], /--shard must be a part/],
      [{}, ["--shard", "slrm"], /--shard must be a part/],
      [{}, ["--shard", "slurm"], /SLURM_ARRAY_TASK_\w+ is not set/],
      [{ ...slurm, SLURM_ARRAY_TASK_ID: "13" }, ["--shard", "slurm"], /not numbered evenly/],
      [kubernetes, ["--shard", "kubernetes"], /kubernetes\/100/],
      [{}, ["--steal"], /--steal needs --shard/],
    ] as const
  ) {
    const answer = await run(variables, ...shard);
    assert.equal(answer.code, 2, answer.said);
    assert.match(answer.said, said);
  }
});
