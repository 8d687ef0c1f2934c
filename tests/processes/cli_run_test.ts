import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openBackend, type Row } from "../../mod.ts";
import { type Runtime, runtimes } from "../runtimes.ts";
import { tempFolder } from "../temp_folder.ts";
import { cli, startCli } from "../workers/cli_process.ts";
import type { Ending } from "../workers/worker_process.ts";
import { served } from "../served.ts";
import { until } from "../until.ts";

const swept = fileURLToPath(new URL("../fixtures/cli_swept.ts", import.meta.url));

interface Ended {
  readonly out: string;
  readonly err: string;
  readonly code: Ending;
}

/** Runs a command line to its end. */
async function stet(runtime: Runtime, folder: string, ...args: string[]): Promise<Ended> {
  const started = startCli(runtime, folder, ...args);
  const code = await started.ended;
  return { out: started.out, err: started.err, code };
}

async function rowsOf(store: string): Promise<Row[]> {
  const backend = await openBackend(store);
  try {
    return await backend.load();
  } finally {
    await backend.close();
  }
}

function linesOf(file: string): string[] {
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Whether a process is there, and is no zombie that nobody collects. */
function isRunning(pid: number): boolean {
  const state = `/proc/${pid}/stat`;
  if (!fs.existsSync("/proc/self")) return isAlive(pid);
  return fs.existsSync(state) && !/\) Z /.test(fs.readFileSync(state, "utf8"));
}

/** A program that prints what it was given. */
const PRINT =
  "import json, os, sys; print(json.dumps(dict(words=sys.argv[1:], env=dict(os.environ))))";

const summary = (ran: number, skipped: number, failed: number): RegExp =>
  new RegExp(`^\\[stet\\] ${ran} ran, ${skipped} skipped, ${failed} failed in `, "m");

/** Notes that it ran, and prints a result. */
const train = ["sh", "-c", 'echo $1 >> ran; echo "{{\\"loss\\": $1}}"', "sh", "{seed}"];

for (const runtime of runtimes) {
  const { name } = runtime;

  test(`run does every combination once, and keeps results and output (${name})`, async (t) => {
    const folder = tempFolder(t);
    const args = ["run", "-g", "seed=0..4", "-g", "model=a", "-j", "3", "--", ...train];
    const first = await stet(runtime, folder, ...args);
    assert.match(first.err, summary(5, 0, 0));
    assert.match(first.err, /^\[stet\] Note: no argument uses \{model\}/);
    assert.deepEqual([first.code, first.out, first.err.split("\n").length], [0, "", 3]);
    const rows = await rowsOf(join(folder, "_stet_store.csv"));
    const results = rows.map((row) => [row.seed, row.model, row["result.loss"]]);
    assert.deepEqual(results.sort(), [0, 1, 2, 3, 4].map((seed) => [seed, "a", seed]));
    const logs = fs.readdirSync(join(folder, "_stet_store.csv-logs"));
    assert.equal(logs.length, 5);

    const again = await stet(runtime, folder, ...args);
    assert.match(again.err, summary(0, 5, 0));
    assert.equal(again.code, 0);
    assert.deepEqual(linesOf(join(folder, "ran")).sort(), ["0", "1", "2", "3", "4"]);
  });

  test(`run exits with 1 if a run failed, and failures --retry runs it again (${name})`, async (t) => {
    const folder = tempFolder(t);
    const program = ["sh", "-c", "echo $STET_PARAM_SEED; [ {seed} -lt 2 ] || [ -e ready ]"];
    const args = ["run", "-s", "runs.csv", "-g", "seed=0..3", "--", ...program];
    const { code, err } = await stet(runtime, folder, ...args);
    assert.equal(code, 1);
    assert.match(err, summary(2, 0, 2));
    assert.match(err, /Why they failed: stet failures runs\.csv/);
    const failures = await stet(runtime, folder, "failures", "runs.csv");
    assert.match(failures.out, /^2 × sh exited with code 1/m);
    const [, log = ""] = /newest: seed=[23]; 1 attempt; (\S+\.log)/.exec(failures.out) ?? [];
    assert.match(fs.readFileSync(join(folder, log), "utf8"), /^[23]\n$/);
    assert.match(
      failures.out,
      /Started again, this runs them: .* run -s runs\.csv -g seed=0\.\.3 -- sh/,
    );

    fs.writeFileSync(join(folder, "ready"), "");
    const retry = ["failures", "runs.csv", "--retry", "--"];
    const other = await stet(runtime, folder, ...retry, "echo", "{seed}");
    assert.deepEqual([other.code, other.out], [3, ""]);
    const retried = await stet(runtime, folder, ...retry, ...program);
    assert.match(retried.err, summary(2, 0, 0));
    assert.equal(retried.code, 0);
    const status = await stet(runtime, folder, "status", "runs.csv");
    assert.match(status.out, /4 of 4 planned combinations are done, by .* -g seed=0\.\.3 /);
    assert.equal((await rowsOf(join(folder, "runs.csv"))).length, 4);
    assert.match((await stet(runtime, folder, ...retry, ...program)).err, /Nothing to run again/);
  });

  test(`run gives each program a slot that no other has meanwhile (${name})`, async (t) => {
    const folder = tempFolder(t);
    const program = [
      "sh",
      "-c",
      // A folder can be made once: two programs with one slot at a time would fail.
      'mkdir slot-$1 && sleep 0.1 && rmdir slot-$1 && echo "[$1, $STET_SLOT]"',
      "sh",
      "{slot}",
    ];
    const args = ["run", "-s", "runs.csv", "-g", "seed=0..11", "-j", "3", "--", ...program];
    const { code, err } = await stet(runtime, folder, ...args);
    assert.match(err, summary(12, 0, 0));
    assert.equal(code, 0);
    const slots = (await rowsOf(join(folder, "runs.csv"))).map(({ result }) => result as number[]);
    for (const [word, variable] of slots) assert.equal(word, variable);
    assert.deepEqual([...new Set(slots.map(([slot]) => slot))].sort(), [0, 1, 2]);
  });

  test(`run keeps output where the store is a URL, or where --logs says (${name})`, async (t) => {
    const folder = tempFolder(t);
    const { url } = await served(t);
    const program = ["--", "sh", "-c", "echo out {seed}; [ {seed} = 1 ]"];
    const args = ["run", "-s", url, "-g", "seed=1,2"];
    assert.equal((await stet(runtime, folder, ...args, ...program)).code, 1);
    const logs = join(folder, "stet-logs");
    const texts = fs.readdirSync(logs).map((file) => fs.readFileSync(join(logs, file), "utf8"));
    assert.deepEqual(texts.sort(), ["out 1\n", "out 2\n"]);
    assert.match((await stet(runtime, folder, "failures", url)).out, /stet-logs\/\w{16}\.log/);

    const file = ["run", "-s", "runs.csv", "--logs", "deep/logs", "-g", "seed=1,2", ...program];
    assert.equal((await stet(runtime, folder, ...file)).code, 1);
    assert.equal(fs.readdirSync(join(folder, "deep/logs")).length, 2);
    assert.equal(fs.existsSync(join(folder, "runs.csv-logs")), false);
    const failures = ["failures", "runs.csv", "--logs", "deep/logs", "--json"];
    assert.match(
      (await stet(runtime, folder, ...failures)).out,
      /"log": ?"deep\/logs\/\w{16}\.log"/,
    );
  });

  test(`an interrupt has what runs finished and says how to resume (${name})`, async (t) => {
    const folder = tempFolder(t);
    const program = [
      "sh",
      "-c",
      "echo $1 >> began; until [ -e go ]; do sleep 0.02; done",
      "sh",
      "{n}",
    ];
    const args = ["run", "-s", "runs.csv", "-g", "n=0..5", "-j", "2", "--", ...program];
    const started = startCli(runtime, folder, ...args);
    await until(() => linesOf(join(folder, "began")).length === 2);
    started.signal("SIGINT");
    await until(() => started.err.includes("finishing what runs (2)"));
    fs.writeFileSync(join(folder, "go"), "");
    assert.equal(await started.ended, 130);
    assert.match(
      started.err,
      /To go on: .*cli\.ts run -s runs\.csv -g n=0\.\.5 -j 2 -- sh -c 'echo/,
    );
    assert.deepEqual((await rowsOf(join(folder, "runs.csv"))).length, 2);
    const { err, code } = await stet(runtime, folder, ...args);
    assert.match(err, summary(4, 2, 0));
    assert.equal(code, 0);
    assert.equal(linesOf(join(folder, "began")).length, 6);
  });

  test(`a second interrupt aborts what runs: it is neither done nor failed (${name})`, async (t) => {
    const folder = tempFolder(t);
    const program = ["sh", "-c", "echo $$ >> pids; sleep 1000 & wait", "sh", "{n}"];
    const started = startCli(runtime, folder, "run", "-g", "n=0..5", "-j", "2", "--", ...program);
    await until(() => linesOf(join(folder, "pids")).length === 2);
    started.signal("SIGINT");
    await until(() => started.err.includes("once more aborts it"));
    started.signal("SIGINT");
    assert.equal(await started.ended, 130);
    assert.deepEqual(linesOf(join(folder, "pids")).map(Number).filter(isAlive), []);
    assert(!fs.existsSync(join(folder, "_stet_store.csv")));
    assert(!fs.existsSync(join(folder, "_stet_store.csv-state")), "nothing is to be remembered");
  });

  test(`programs end with a stet that is killed, and their keys run again (${name})`, async (t) => {
    const folder = tempFolder(t);
    const program = [
      "sh",
      "-c",
      "echo $$ >> pids; sleep 1000 & echo $! >> pids; until [ -e go ]; do sleep 0.02; done",
    ];
    const args = ["run", "-s", "runs.csv", "-g", "n=0..1", "-j", "2", "--", ...program];
    const started = startCli(runtime, folder, ...args);
    await until(() => linesOf(join(folder, "pids")).length === 4);
    const pids = linesOf(join(folder, "pids")).map(Number);
    started.signal("SIGKILL");
    assert.equal(await started.ended, "SIGKILL");
    await until(() => !pids.some(isRunning));
    fs.writeFileSync(join(folder, "go"), "");
    const { code, err } = await stet(runtime, folder, ...args.slice(0, -1), "touch ran{n}");
    assert.equal(code, 0);
    assert.match(err, summary(2, 0, 0));
  });

  test(`a program gets its arguments and environment as they are (${name})`, async (t) => {
    const folder = tempFolder(t);
    const variables = { "BASH_FUNC_f%%": "() {  :\n}", "a.b-c": "1", PLAIN: "it's\n$HOME" };
    const child = spawnSync(runtime.command, [
      ...runtime.args,
      cli,
      ...["run", "-g", "n=1", "--", "python3", "-c", PRINT, "-x", "", "a b", "$HOME", "*", "'\n"],
    ], { cwd: folder, env: { ...process.env, ...variables }, encoding: "utf8" });
    assert.equal(child.status, 0, child.stderr);
    const [row] = await rowsOf(join(folder, "_stet_store.csv"));
    assert.deepEqual(row!["result.words"], ["-x", "", "a b", "$HOME", "*", "'\n"]);
    const env = row!["result.env"] as Row;
    for (const [name, value] of Object.entries(variables)) assert.equal(env[name], value, name);
  });

  test(`sweep runs an export over a grid, or over the module's params (${name})`, async (t) => {
    const folder = tempFolder(t);
    const first = await stet(runtime, folder, "sweep", `${swept}#train`);
    assert.equal(first.code, 1);
    assert.match(first.err, summary(4, 0, 2));
    const grid = ["-g", "alpha=0.5,1", "-g", "seed=0..2"];
    const second = await stet(runtime, folder, "sweep", `${swept}#train`, ...grid, "--workers");
    assert.match(second.err, summary(2, 4, 0));
    assert.equal(second.code, 0);
    assert.equal(linesOf(join(folder, "ran")).length, 8);
    const retry = ["failures", "runs.csv", "--retry", `${swept}#train`];
    const retried = await stet(runtime, folder, ...retry);
    assert.match(retried.err, summary(0, 0, 2));
    assert.equal(retried.code, 1);
    const other = await stet(runtime, folder, "failures", "runs.csv", "--retry", `${swept}#ask`);
    assert.match(other.err, /uses the store .*asked\.csv, not .*runs\.csv/);
    assert.equal(other.code, 2);
  });
}

const runtime = runtimes[0]!;

test("run refuses another program on the same store, but not in a namespace", async (t) => {
  const folder = tempFolder(t);
  const run = (...args: string[]) => stet(runtime, folder, "run", "-g", "seed=1,2", ...args);
  assert.equal((await run("--", "echo", "{seed}")).code, 0);
  const { code, err } = await run("--", "echo", "it's", "{seed}");
  assert.equal(code, 3);
  assert.match(
    err,
    /Cannot run echo 'it'\\''s' \{seed\} .* made by another program \(run:[0-9a-f]{8}-[0-9a-f]{8}\).*--namespace/,
  );
  assert.match(
    (await run("--namespace", "b", "--", "echo", "it's", "{seed}")).err,
    summary(2, 0, 0),
  );
  assert.equal((await run("--namespace", "b", "--", "echo", "{seed}")).code, 3);
  assert.match((await run("--", "echo", "{seed}")).err, summary(0, 2, 0));
});

test("programs get the spelling that was written, and each identifier is a run of its own", async (t) => {
  const folder = tempFolder(t);
  fs.writeFileSync(join(folder, "todo.csv"), "sample,learning rate\n007,1e-4\n7,.5\n");
  const program = ["sh", "-c", 'echo "$0 $1 $2 $STET_PARAM_SAMPLE" >> ran'];
  const words = ["{python}", "{sample}", "{learning rate}"];
  const args = [
    "run",
    "-g",
    "python=3.9,3.10",
    "-g",
    "todo.csv",
    "-j",
    "1",
    "--",
    ...program,
    ...words,
  ];
  const { code, err } = await stet(runtime, folder, ...args);
  assert.equal(code, 0, err);
  assert.deepEqual(linesOf(join(folder, "ran")).sort(), [
    "3.10 007 1e-4 007",
    "3.10 7 .5 7",
    "3.9 007 1e-4 007",
    "3.9 7 .5 7",
  ]);
  assert.deepEqual(err.match(/Note: \w+/g), ["Note: python", "Note: sample"]);
  assert.match((await stet(runtime, folder, ...args)).err, summary(0, 4, 0));
  const fewer = ["run", "-g", "python=3.9", "-g", "todo.csv", "--", ...program, ...words];
  const { err: said } = await stet(runtime, folder, ...fewer);
  assert.match(said, /python is text, as in the store/);
  assert.match(said, summary(0, 2, 0));
  const [row] = await rowsOf(join(folder, "_stet_store.csv"));
  assert.deepEqual([row!.python, row!.sample, row!["learning rate"]], ["3.9", "007", 0.0001]);
});

test("run counts the rows of the same script with other arguments, after a note", async (t) => {
  const folder = tempFolder(t);
  fs.writeFileSync(join(folder, "train.sh"), "echo $1\n");
  fs.writeFileSync(join(folder, "other.sh"), "echo $1\n");
  const run = (...args: string[]) => stet(runtime, folder, "run", "-g", "seed=1,2", "--", ...args);
  assert.match((await run("sh", "train.sh", "{seed}")).err, summary(2, 0, 0));
  const { err, code } = await run("sh", "train.sh", "{seed}", "--fast");
  assert.equal(code, 0);
  assert.match(err, summary(0, 2, 0));
  assert.match(err, /2 rows of ".*" were made by this program with other arguments.*--namespace/);
  assert.equal((await run("sh", "other.sh", "{seed}")).code, 3);
});

test("run refuses the rows of a store whose rows name another command, as older versions wrote", async (t) => {
  const folder = tempFolder(t);
  const row =
    "seed,result,_stet_command,_stet_timestamp\n1,1,echo {seed},2026-01-01T00:00:00.000Z\n";
  fs.writeFileSync(join(folder, "_stet_store.csv"), row);
  const run = (...args: string[]) => stet(runtime, folder, "run", "-g", "seed=1,2", "--", ...args);
  const { code, err } = await run("printf", "{seed}");
  assert.equal(code, 3);
  assert.match(err, /made by echo \{seed\}.*--namespace/);
  assert.match((await run("echo", "{seed}")).err, summary(1, 1, 0));
});

test("run reports what it lacks before anything runs", async (t) => {
  const folder = tempFolder(t);
  for (
    const [args, message] of [
      [["-g", "seed=1,2", "--", "touch", "{sed}"], /\{sed\}.*did you mean \{seed\}/],
      [["-g", "seed=1,2", "--", "no-such-program", "{seed}"], /"no-such-program"/],
      [["-g", "seed=1,2", "-g", "seed=3", "--", "touch", "{seed}"], /"seed" twice/],
      [["-g", "lr=1", "-g", "LR=2", "--", "touch", "{lr}"], /"lr" and "LR" .*STET_PARAM_LR/],
    ] as const
  ) {
    const { code, err, out } = await stet(runtime, folder, "run", ...args);
    assert.deepEqual([code, out], [2, ""], err);
    assert.match(err, message);
  }
  fs.writeFileSync(join(folder, "combos.csv"), "a,b\n1,2\n3,\n");
  const { code, err } = await stet(
    runtime,
    folder,
    "run",
    "-g",
    "combos.csv",
    "--",
    "touch",
    "{b}",
  );
  assert.equal(code, 2);
  assert.match(err, /\{b\}/);
  assert.deepEqual(fs.readdirSync(folder), ["combos.csv"]);
});

test("sweep reports what it lacks before anything runs", async (t) => {
  const folder = tempFolder(t);
  const broken = join(folder, "broken.ts");
  fs.writeFileSync(broken, "throw new Error('not today');\n");
  for (
    const [args, message] of [
      [
        [`${swept}#trian`],
        /no export "trian", did you mean "train"\? it can sweep .*#ask, .*#train/,
      ],
      [[`${swept}#plain`], /plain is a plain function: say where its runs are remembered/],
      [[swept], /no export "default"/],
      [[`${broken}#train`, "-g", "a=1"], /cannot load .*not today/],
      [
        [`${swept}#train`, "-g", "alpha=1", "-g", "sed=1,2"],
        /no param "sed"; did you mean "seed"\?/,
      ],
      [[`${swept}#ask`, "-g", "model=a", "-g", "x=1"], /no param "x"/],
      [[`${swept}#train`, "-g", "alpha="], /a value is missing/],
    ] as const
  ) {
    const { code, err, out } = await stet(runtime, folder, "sweep", ...args);
    assert.deepEqual([code, out], [2, ""], err);
    assert.match(err, message);
  }
  assert.deepEqual(fs.readdirSync(folder), ["broken.ts"]);
});

test("two processes share a grid: each combination runs once, and both see it through", async (t) => {
  const folder = tempFolder(t);
  const args = ["run", "-g", "seed=0..19", "-j", "2", "--", ...train];
  const both = [0, 1].map((i) => stet(runtimes[i % runtimes.length]!, folder, ...args));
  for (const { code, err } of await Promise.all(both)) {
    assert.equal(code, 0);
    const [, ran, skipped] = /(\d+) ran, (\d+) skipped, 0 failed/.exec(err)!;
    assert.equal(Number(ran) + Number(skipped), 20);
  }
  const seeds = linesOf(join(folder, "ran")).map(Number).sort((a, b) => a - b);
  assert.deepEqual(seeds, Array.from({ length: 20 }, (_, i) => i));
});

test("a deadline that is over begins nothing, and that is no success", async (t) => {
  const folder = tempFolder(t);
  const args = ["run", "-g", "seed=1,2", "--deadline", "2020-01-01T00:00Z", "--", ...train];
  const { code, err } = await stet(runtime, folder, ...args);
  assert.equal(code, 1);
  assert.match(err, /Stopped at the deadline/);
  assert(!fs.existsSync(join(folder, "ran")));
});

test("--stop-on-error, --timeout and --retries do what they say", async (t) => {
  const folder = tempFolder(t);
  const run = (...args: string[]) => stet(runtime, folder, "run", "-g", "n=1..5", ...args);
  const stopped = await run("--stop-on-error", "-j", "1", "--", "sh", "-c", "exit 1", "{n}");
  assert.match(stopped.err, summary(0, 0, 1));
  assert.match(stopped.err, /Stopped because a run failed/);
  const late = await run("-s", "late.csv", "--timeout", "50ms", "--", "sleep", "100{n}");
  assert.match(late.err, summary(0, 0, 5));
  assert.match((await stet(runtime, folder, "failures", "late.csv")).out, /timed out after 50 ms/);
  const again = ["--retries", "2", "--retry-delay", "10ms"];
  const flaky = 'echo x >> tries{n}; [ "$(wc -l < tries{n})" -eq 3 ]';
  assert.match(
    (await run("-s", "flaky.csv", ...again, "--", "sh", "-c", flaky)).err,
    summary(5, 0, 0),
  );
});

const deno = runtimes.find(({ name }) => name === "deno");
const skip = deno ? false : "Deno is not there";

test("reading commands and help need only --allow-read and --allow-write", { skip }, async (t) => {
  const folder = tempFolder(t);
  const config = deno!.args.filter((arg) => arg.startsWith("--config"));
  const careful: Runtime = {
    ...deno!,
    args: ["run", "--quiet", "--no-prompt", "--allow-read", "--allow-write", ...config],
  };
  assert.equal((await stet(careful, folder, "sweep", `${swept}#train`)).code, 1);
  for (
    const args of [
      ["--help"],
      ...["run", "sweep", "failures", "explain", "coverage"].map((each) => [each, "--help"]),
      ["failures", "runs.csv"],
      ["explain", "runs.csv", "alpha=0.5", "seed=1"],
      ["coverage", "runs.csv", "-g", "seed=1..3"],
    ]
  ) {
    const { code, err } = await stet(careful, folder, ...args);
    assert.deepEqual([code, err], [0, ""], args.join(" "));
  }
  const refused = await stet(careful, folder, "run", "-s", "new.csv", "-g", "n=1", "--", "true");
  assert.equal(refused.code, 2);
  assert.match(refused.err, /Cannot run "true": it has no run access/);
  assert.equal(fs.existsSync(join(folder, "new.csv-state")), false);
});
