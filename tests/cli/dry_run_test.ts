import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { permanentMessage } from "../../core/runs/permanent_failures.ts";
import { main } from "../../cli/main.ts";
import { shortList } from "../../cli/terminal/short_list.ts";
import { openBackend } from "../../mod.ts";
import { tempFolder } from "../temp_folder.ts";

/** Runs a command line in this process; returns its exit code and what it printed. */
async function run(...args: string[]): Promise<{ code: number; out: string[]; err: string[] }> {
  const [out, err]: [string[], string[]] = [[], []];
  const io = {
    log: (line: string) => void out.push(line),
    error: (line: string) => void err.push(line),
  };
  return { code: await main(args, io), out, err };
}

test("--dry-run lists what would run, runs nothing and makes nothing", async (t) => {
  const folder = tempFolder(t);
  const store = join(folder, "runs.csv");
  const mark = join(folder, "ran");
  const args = ["run", "-s", store, "-g", "seed=1..3", "--dry-run", "--", "touch", mark, "{seed}"];
  assert.deepEqual(await run(...args), {
    code: 0,
    out: ["seed=1", "seed=2", "seed=3"],
    err: [
      "[stet] Dry run: 3 would run, 0 are done; how long is not known: the store has no durations",
    ],
  });
  assert.deepEqual(fs.readdirSync(folder), []);
});

test("--dry-run says how long the rest takes by the newest runs, and leaves out what others run", async (t) => {
  const folder = tempFolder(t);
  const store = join(folder, "runs.csv");
  const backend = await openBackend(store);
  for (const seed of [1, 2]) await backend.record({ seed, _stet_elapsed: seed * 30 });
  await backend.record({ seed: 99, _stet_elapsed: 90 });
  await backend.close();
  const dry = async (...more: string[]): Promise<{ out: string[]; err: string[] }> => {
    const grid = ["-g", "seed=1..12", "--filter", "seed != 12", ...more];
    const { code, out, err } = await run(
      "run",
      "-s",
      store,
      ...grid,
      "--dry-run",
      "--",
      "true",
      "{seed}",
    );
    assert.equal(code, 0);
    return { out, err };
  };
  const { out, err } = await dry("-j", "4");
  assert.deepEqual(out, [3, 4, 5, 6, 7, 8, 9, 10, 11].map((seed) => `seed=${seed}`));
  assert.deepEqual(err, [
    "[stet] Dry run: 9 would run, 2 are done; about 3m with 4 at once, 1m each by the newest 3 runs",
  ]);
  assert.deepEqual(await dry("-j", "1", "--shard", "1/4", "--steal"), {
    out: ["seed=6", "seed=10"],
    err: [
      "[stet] Dry run: 2 would run, 1 are done; about 2m with 1 at once, 1m each by the newest 3 runs",
    ],
  });
  const [slow] = (await dry("-j", "100", "--per-second", "0.01")).err;
  assert.match(slow!, /about 15m with 100 at once/);
  const other = engineOf(await openBackend(store));
  const shape = keyShape(["seed"]);
  const answer = await other.claim(keyOf(shape, { seed: 3 }));
  assert.equal(answer.state, "claimed");
  for (const [seed, error] of [[4, "once more"], [5, permanentMessage("never")]] as const) {
    const claimed = await other.claim(keyOf(shape, { seed }));
    assert.ok(claimed.state === "claimed");
    await claimed.claim.fail({ error, stack: "" });
  }
  const during = await dry();
  await other.close();
  assert.deepEqual(during.out.slice(0, 2), ["seed=4", "seed=6"]);
  assert.match(
    during.err[0]!,
    /Dry run: 7 would run \(1 of them failed before\), 2 are done, 1 run elsewhere now, 1 failed for good; about/,
  );
});

test("a list on a terminal has its first and last items, and the number of the others", () => {
  const printed = (count: number): string[] => {
    const lines: string[] = [];
    const list = shortList((line) => lines.push(line));
    for (let i = 1; i <= count; i++) list.add(`${i}`);
    list.end();
    return lines;
  };
  const all = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i + 1}`);
  for (const count of [0, 1, 10, 11, 13, 14]) assert.deepEqual(printed(count), all(count));
  assert.deepEqual(printed(15), [...all(10), "… 2 more", "13", "14", "15"]);
  assert.deepEqual(printed(100_000), [...all(10), "… 99987 more", "99998", "99999", "100000"]);
});

test("--dry-run of a module's export looks as its own options say", async (t) => {
  const folder = tempFolder(t);
  const module = join(folder, "swept.ts");
  const library = new URL("../../mod.ts", import.meta.url).href;
  fs.writeFileSync(
    module,
    `import { once } from ${JSON.stringify(library)};
const store = ${JSON.stringify(join(folder, "runs.csv"))};
export const train = once(({ a, b }: { a: number; b: number }) => a + b, {
  store, key: ["a", "b"], defaults: { b: 0 }, quiet: true,
});
export const params = [{ a: 1, b: 0 }, { a: 1, b: 0 }, { a: 2, b: 0 }, { a: 2, b: 1 }];
`,
  );
  fs.writeFileSync(join(folder, "runs.csv"), "a,_stet_timestamp\n1,2024-01-01T00:00:00.000Z\n");
  const { code, out, err } = await run("sweep", `${module}#train`, "--dry-run");
  assert.deepEqual([code, out], [0, ["a=2 b=0", "a=2 b=1"]]);
  assert.match(err[0]!, /Dry run: 2 would run, 1 are done;/);
  for (const option of ["--sample=1", "--filter=a > 1", "--zip=a,b"]) {
    const refused = await run("sweep", `${module}#train`, option);
    assert.equal(refused.code, 2);
    assert.match(
      refused.err[0]!,
      /needs -g: the params that the module exports are run as they are/,
    );
  }
});

test("a dry run and standard input are refused in what tasks of a cluster run", async () => {
  for (
    const [args, message] of [
      [["--dry-run", "-g", "a=1"], /leave --dry-run out/],
      [["-g", "-"], /tasks have no standard input/],
      [["-g", "a=@-"], /write it to a file/],
    ] as const
  ) {
    const { code, err } = await run(
      "submit",
      "slurm",
      "-n",
      "2",
      "--",
      "run",
      ...args,
      "--",
      "true",
    );
    assert.equal(code, 2);
    assert.match(err[0]!, message);
  }
});
