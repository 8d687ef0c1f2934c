import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runtimes } from "../runtimes.ts";
import { tempFolder } from "../temp_folder.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const own = runtimes.find(({ command }) => command === process.execPath)!;
const timeout = 60_000;

/** Runs a script of a copied examples folder with this runtime; gives what it printed. */
function run(script: string, ...args: string[]): string {
  return runWith({}, script, ...args);
}

/** Runs one with more environment variables. */
function runWith(env: Record<string, string>, script: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(own.command, [...own.args, script, ...args], {
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  assert.equal(status, 0, stderr);
  return stdout + stderr;
}

test(
  "the eval asks everything once, whatever the API does, and nothing again",
  { timeout },
  (t) => {
    const store = path.join(tempFolder(t), "evals.csv");
    const evals = path.join(root, "examples/evals/evals.ts");
    assert.match(run(evals, store), /^180 asked, 0 known from before, 0 given up; [1-9]/);
    assert.match(run(evals, store), /^0 asked, 180 known from before, 0 given up; 0 answers/);
  },
);

test("foxes and rabbits leave a file for each run, and only a missing one is made again", {
  timeout,
}, (t) => {
  // Inside the repository, where the example finds its packages.
  const folder = fs.mkdtempSync(path.join(root, "examples/lotka_volterra-"));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  for (const name of ["lotka_volterra.ts", "store.ts", "simulate.ts"]) {
    const text = fs.readFileSync(path.join(root, "examples/lotka_volterra", name), "utf8");
    fs.writeFileSync(path.join(folder, name), text.replaceAll("0.001", "0.02")); // fewer steps
  }
  const script = path.join(folder, "lotka_volterra.ts");
  assert.match(run(script), /ran: 25,\s+skipped: 0,\s+failed: 0/);
  const results = path.join(folder, "output/results");
  const files = fs.readdirSync(results).sort();
  assert.equal(files.length, 25);
  fs.rmSync(path.join(results, files[7]!));
  assert.match(run(script), /ran: 1,\s+skipped: 24,\s+failed: 0/);
  assert.deepEqual(fs.readdirSync(results).sort(), files);
});

test("a shell program is run for what its store does not have", { timeout }, (t) => {
  const store = path.join(tempFolder(t), "pi.csv");
  const program = [
    "--",
    "sh",
    path.join(root, "examples/shell/estimate_pi.sh"),
    "{darts}",
    "{seed}",
  ];
  const cli = path.join(root, "cli.ts");
  const grid = (seeds: string): string[] => ["-g", "darts=1000", "-g", `seed=${seeds}`];
  assert.match(run(cli, "run", "--store", store, ...grid("1..5"), ...program), /5 ran, 0 skipped/);
  assert.match(run(cli, "run", "--store", store, ...grid("1..8"), ...program), /3 ran, 5 skipped/);
  const [header] = fs.readFileSync(store, "utf8").split("\n");
  assert.match(header!, /^darts,seed,result.pi,result.hits,/);
});

test("tasks without a store in common leave notes in a shared folder, which one store ingests", {
  timeout,
}, (t) => {
  const WALKS = tempFolder(t);
  const folder = path.join(root, "examples/shared_folder");
  const sweep = ["sweep", `${path.join(folder, "walks.ts")}#walks`, "--shard", "slurm"];
  const task = (id: number): string =>
    runWith(
      {
        WALKS,
        SLURM_ARRAY_TASK_ID: `${id}`,
        SLURM_ARRAY_TASK_MIN: "0",
        SLURM_ARRAY_TASK_MAX: "2",
        SLURM_ARRAY_TASK_STEP: "1",
      },
      path.join(root, "cli.ts"),
      ...sweep,
    );
  const gather = (): string => runWith({ WALKS }, path.join(folder, "gather.ts"));
  assert.match(task(0), /34 ran, 0 skipped/);
  assert.match(gather(), /^34 new records, 0 notes that do not fit\n/);
  assert.match(task(1), /33 ran, 0 skipped/);
  assert.match(task(2), /33 ran, 0 skipped/);
  assert.match(task(0), /0 ran, 34 skipped/); // queued again
  assert.match(gather(), /^66 new records, .*\n100 steps: .* 50 walks\n1000 steps: .* 50 walks\n/);
});
