import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { slurm } from "../../executors/launchers/slurm.ts";
import { openBackend, type Row } from "../../mod.ts";
import { postgresSkip } from "../postgres/programs.ts";
import { startServer } from "../postgres/server.ts";
import { runtimes } from "../runtimes.ts";
import { until } from "../until.ts";
import { cli, type CliProcess, startCli } from "../workers/cli_process.ts";
import { noSlurm, slurmCluster } from "./slurm_cluster.ts";

const own = runtimes.find(({ command }) => command === process.execPath)!;
const skip = noSlurm;
const answer = fileURLToPath(new URL("../workers/answer_terminal.py", import.meta.url));
const hasTerminals = spawnSync("python3", ["-c", "import pty"]).status === 0;
const library = new URL("../../mod.ts", import.meta.url).href;

/** Runs `stet submit slurm` to its end. */
async function submit(folder: string, ...args: string[]): Promise<CliProcess & { code: unknown }> {
  const started = startCli(own, folder, "submit", "slurm", ...args);
  const code = await started.ended;
  return { ...started, out: started.out, err: started.err, code };
}

/** Returns the text of a module whose function notes each of its runs, with the task that it is in. */
function countingModule(store: string): string {
  return `import { once } from ${JSON.stringify(library)};
    import fs from "node:fs";
    import process from "node:process";
    import { setTimeout as sleep } from "node:timers/promises";
    export const count = once(async ({ seed }: { seed: number }) => {
      await sleep(10);
      fs.appendFileSync("ran", seed + " " + process.env.SLURM_ARRAY_TASK_ID + "\\n");
    }, { store: ${store}, durability: "process" });`;
}

async function rowsOf(store: string): Promise<Row[]> {
  const backend = await openBackend(store);
  try {
    return await backend.load();
  } finally {
    await backend.close();
  }
}

/** Returns the whole lines of a file; none if it is not there yet. */
function linesOf(file: string): string[] {
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
}

test("an array shares a grid: a task is cancelled, one is queued again, and each key runs once", {
  skip,
}, async (t) => {
  const cluster = await slurmCluster(t);
  if (!cluster) return;
  const { folder, run, ended } = cluster;
  fs.writeFileSync(join(folder, "swept.ts"), countingModule('"runs.csv"'));
  const words = ["-n", "8", "--", "sweep", "swept.ts#count", "-g", "seed=0..1999"];
  const first = await submit(folder, ...words);
  assert.equal(first.code, 0, first.err);
  assert.match(first.out, /^\d+\n$/);
  assert.match(first.err, /Submitted job \d+ to Slurm: 8 tasks\n/);
  const job = first.out.trim();
  const ran = join(folder, "ran");
  const tasks = (): Set<string> => new Set(linesOf(ran).map((line) => line.split(" ")[1]!));
  await until(() => tasks().size === 8);
  run("scancel", `${job}_3`);
  run("scontrol", "requeue", `${job}_5`);
  await ended();

  const begun = linesOf(ran).length;
  assert(begun < 2000, "a task was cancelled before its end");
  assert.equal((await rowsOf(join(folder, "runs.csv"))).length, begun);
  const again = await submit(folder, "--wait", ...words);
  assert.equal(again.code, 0, again.err);
  assert.match(again.err, /has ended: 8 done; 2000 runs in /);
  const seeds = linesOf(ran).map((line) => Number(line.split(" ")[0]));
  assert.deepEqual(seeds.sort((a, b) => a - b), Array.from({ length: 2000 }, (_, i) => i));
  assert.equal((await rowsOf(join(folder, "runs.csv"))).length, 2000);
  const fifth = fs.readFileSync(join(folder, `runs.csv-logs/slurm-${job}_5.out`), "utf8");
  assert.match(
    fifth,
    /Interrupted: \d+ ran, 0 skipped[^]*\n\[stet\] \d+ ran, [1-9]\d* skipped, 0 failed/,
  );
});

test("cancel() has programs under way finish, and their runs are recorded", { skip }, async (t) => {
  const cluster = await slurmCluster(t);
  if (!cluster) return;
  const { folder, ended } = cluster;
  const program = ["sh", "-c", "echo {seed} >> begun; sleep 1; echo {seed} >> finished"];
  const args = ["-s", "runs.csv", "-g", "seed=0..99", "-j", "2", "--", ...program];
  const { out, code } = await submit(folder, "-n", "12", "--", "run", ...args);
  assert.equal(code, 0);
  await until(() => linesOf(join(folder, "begun")).length >= 16); // of the 8 tasks that there is room for
  const id = out.trim();
  await slurm.cancel(id);
  await ended();
  const finished = linesOf(join(folder, "finished")).sort();
  assert.deepEqual(finished, linesOf(join(folder, "begun")).sort());
  const seeds = (await rowsOf(join(folder, "runs.csv"))).map(({ seed }) => String(seed));
  assert.deepEqual(seeds.sort(), finished);
  assert(seeds.length < 100);
  const tasks = await slurm.status(id);
  assert.equal(tasks.length, 9); // those that were cancelled before they began are one
  assert.equal(tasks.find(({ id }) => id === "*")!.state, "cancelled");
  await slurm.cancel(id); // once more
});

test("a refused job is an error with sbatch's text, and a large array is cut", {
  skip,
}, async (t) => {
  const cluster = await slurmCluster(t);
  if (!cluster) return;
  const { folder, run, ended } = cluster;
  const sweep = ["--", "run", "-s", "runs.csv", "-g", "seed=0..2999", "--", "true"];
  const refused = await submit(folder, "-n", "2", "--slurm", "-p nowhere", "--wait", ...sweep);
  assert.deepEqual([refused.code, refused.out], [1, ""]);
  assert.match(
    refused.err,
    /Cannot submit to Slurm: sbatch ended with 1:\n.*Invalid partition name/s,
  );
  assert.equal(run("squeue", "-h"), "");

  const words = ["--slurm", "--hold --comment='it is held'", ...sweep];
  const large = await submit(folder, "-n", "2000", ...words);
  assert.equal(large.code, 0, large.err);
  assert.match(large.err, /1001 tasks, not 2000: arrays of Slurm have 1001 tasks at most here/);
  const id = large.out.trim();
  assert.match(run("scontrol", "show", "job", id), /Comment=it is held/);
  const tasks = await slurm.status(id);
  assert.equal(tasks.length, 1001);
  assert.deepEqual(tasks[0]!.state, "waiting");
  assert.match(tasks[0]!.reason, /Held/);
  await slurm.cancel(id);
  await ended();
  assert.equal(fs.existsSync(join(folder, "runs.csv")), false);
  assert.deepEqual(await slurm.status("4000000"), []);
});

test("an array leaves notes in a shared folder, which one store ingests", { skip }, async (t) => {
  const cluster = await slurmCluster(t);
  if (!cluster) return;
  const { folder, run } = cluster;
  process.env.WALKS = folder;
  t.after(() => void delete process.env.WALKS);
  const example = fileURLToPath(new URL("../../examples/shared_folder", import.meta.url));
  const sweep = ["-n", "4", "--wait", "--", "sweep", `${example}/walks.ts#walks`];
  const { code, err } = await submit(folder, ...sweep);
  assert.equal(code, 0, err);
  assert.doesNotMatch(err, /is a file/);
  const printed = run(own.command, ...own.args, `${example}/gather.ts`);
  assert.match(printed, /^100 new records, 0 notes that do not fit\n/);
});

test("Ctrl-C of --wait asks, and cancels the job or leaves it", { skip }, async (t) => {
  if (!hasTerminals) return t.skip("python3, which makes the terminal, is not there or has no pty");
  const cluster = await slurmCluster(t);
  if (!cluster) return;
  const { folder, run, ended } = cluster;
  const program = ["sh", "-c", "echo {seed} >> begun; sleep 1; echo {seed} >> finished"];
  const onTerminal = async (store: string, ...keys: [string, string][]): Promise<string> => {
    const run = ["run", "-s", store, "-g", "seed=0..99", "-j", "1", "--", ...program];
    const line = [...own.args, cli, "submit", "slurm", "-n", "2", "--wait", "--", ...run];
    const args = [answer, JSON.stringify(keys), own.command, ...line];
    return (await promisify(execFile)("python3", args, { cwd: folder })).stdout;
  };
  const left = await onTerminal("a.csv", ["running; [1-9]", "\x03"], ["y/N", "n\r"]);
  assert.match(left, /Cancel job 1\? .*Job 1 is left as it is\. To end it: scancel .*\n130\n$/s);
  assert.match(run("squeue", "-h", "-o", "%T"), /^RUNNING/);
  await slurm.cancel("1");
  await ended();
  for (const file of ["begun", "finished"]) fs.rmSync(join(folder, file));

  const cancelled = await onTerminal("b.csv", ["running; [1-9]", "\x03"], ["y/N", "y\r"]);
  assert.match(cancelled, /Job 3 has ended: 2 failed \(NonZeroExitCode\); \d+ runs in .*\n130\n$/s);
  const finished = linesOf(join(folder, "finished")).sort();
  assert.deepEqual(finished, linesOf(join(folder, "begun")).sort());
  assert.equal((await rowsOf(join(folder, "b.csv"))).length, finished.length);
});

test("an array shares a Postgres store, and the keys of a killed task run again", {
  skip: noSlurm || postgresSkip,
}, async (t) => {
  const cluster = await slurmCluster(t);
  if (!cluster) return;
  const { folder, run, ended } = cluster;
  const server = await startServer();
  t.after(() => server.end());
  process.env.COUNT_STORE = server.url({ params: { lease_seconds: 5, pool: 2 } });
  t.after(() => void delete process.env.COUNT_STORE);
  fs.writeFileSync(join(folder, "count.ts"), countingModule("process.env.COUNT_STORE"));
  const words = ["-n", "8", "--", "sweep", "count.ts#count", "-g", "seed=0..1999"];
  const first = await submit(folder, ...words);
  assert.equal(first.code, 0, first.err);
  const job = first.out.trim();
  const ran = join(folder, "ran");
  await until(() => new Set(linesOf(ran).map((line) => line.split(" ")[1])).size === 8);
  run("scancel", "--batch", "--signal=KILL", `${job}_6`);
  await ended();

  assert((await slurm.status(job)).some(({ id, state }) => id === "6" && state === "failed"));
  const again = await submit(folder, "--wait", ...words);
  assert.equal(again.code, 0, again.err);
  assert.match(again.err, /8 done; 2000 runs in postgresql:/);
  const seeds = linesOf(ran).map((line) => Number(line.split(" ")[0]));
  assert.equal(new Set(seeds).size, 2000);
  assert(seeds.length <= 2001, "the run that was killed, and no other, ran again");
  assert.match(fs.readFileSync(join(folder, `stet-logs/slurm-${job}_0.out`), "utf8"), /250 ran/);
});
