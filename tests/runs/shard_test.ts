import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import fc from "fast-check";
import { main } from "../../cli.ts";
import { expandGrid, once, range, sweep, type SweepOptions } from "../../mod.ts";
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
          assert(Math.abs(part.length - length / count) < 1);
          assert.deepEqual(part, part.toSorted((a, b) => a - b));
          all.push(...part);
        }
        assert.deepEqual(all.sort((a, b) => a - b), seeds.map(({ seed }) => seed));
      },
    ),
    { numRuns: 60 },
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
