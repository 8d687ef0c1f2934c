import assert from "node:assert/strict";
import fs from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { main } from "../../cli.ts";
import { expandGrid, once, openBackend, range, type Row, sweep } from "../../mod.ts";
import { tempStore } from "../temp_folder.ts";
import { inWorkshop } from "../workers/worker_process.ts";
import { runtimes } from "../runtimes.ts";

/** What a command line prints, and its exit code. */
async function stet(...args: string[]): Promise<{ out: string[]; err: string[]; code: number }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(args, { log: (line) => out.push(line), error: (line) => err.push(line) });
  return { out, err, code };
}

async function makeStore(store: string, rows: readonly Row[]): Promise<void> {
  const backend = await openBackend(store);
  for (const row of rows) await backend.record(row);
  await backend.close();
}

/** Seeds 0 to 9 of which 3 and 4 failed. */
async function makeFailures(store: string, save = true): Promise<void> {
  const train = once(({ alpha, seed }: { alpha: number; seed: number }) => {
    if (seed === 3 || seed === 4) throw new Error(`no ${seed}\nat all`);
    return { loss: alpha * seed };
  }, { store, save, quiet: true });
  for (let seed = 0; seed < 10; seed++) await train({ alpha: 0.5, seed }).catch(() => {});
  await train({ alpha: 0.5, seed: 4 }).catch(() => {});
}

test("failures prints groups of one message, with the params that concentrate them", async (t) => {
  const store = tempStore(t);
  let isBroken = true;
  const train = once(({ lr, seed }: { lr: number; seed: number }) => {
    if (isBroken && lr === 1) throw new Error(`loss is NaN at step ${seed}\nof 90`);
    if (isBroken && seed === 7) throw new TypeError("no file");
  }, { store, quiet: true });
  const grid = expandGrid({ lr: [0.1, 0.5, 1], seed: range(1, 9) });
  for (let i = 0; i < 2; i++) await sweep(train, grid);
  const { out } = await stet("failures", store);
  const runs = (lines: readonly string[]) =>
    lines.map((line) =>
      line.replace(/(?<=newest: )lr=0\.[15] seed=7/, "a run").replace(/\d; 2/, "…; 2")
    );
  assert.deepEqual(runs(out.slice(0, -1)), [
    "9 × loss is NaN at step #",
    "    lr = 1 in all 9",
    "    newest: lr=1 seed=…; 2 attempts",
    "2 × no file",
    "    seed = 7 in all 2",
    "    newest: a run; 2 attempts",
    "[stet] 11 runs failed and have not succeeded since; --stack prints each",
  ]);
  assert.match(out.at(-1)!, /^\[stet\] Started again, this runs them: /);
  const some = await stet("failures", store, "--where", "seed = 7");
  assert.deepEqual(runs(some.out.slice(0, 3)), runs(out.slice(3, 6)));
  assert.equal((await stet("failures", store, "--json")).out.length, 11);
  await sweep(train, expandGrid({ lr: [0.1], seed: range(20, 29) })); // another plan
  assert.doesNotMatch((await stet("failures", store)).out.join(), /Started again/);
  isBroken = false;
  await sweep(train, grid);
  assert.match((await stet("failures", store)).out[0]!, /No run failed/);
});

test("failures keeps the counts of a long value of a param", async (t) => {
  const store = tempStore(t);
  const ask = once(({ model, input, seed }: { model: string; input: string; seed: number }) => {
    if (seed < 4 && model === "small" && input.length > 60) {
      throw new Error("the context is too long");
    }
  }, { store, quiet: true });
  const input = [
    "short",
    "It was late, and the box was open, and the manual was in no language I know",
  ];
  await sweep(ask, expandGrid({ model: ["large", "small"], seed: range(0, 3), input }));
  const { out } = await stet("failures", store);
  assert.match(out[1]!, /^ {4}model = small in all 4, input = 'It was late.+…[^…]+' in all 4$/);
});

test("failures --stack prints the runs that failed with their errors, the oldest first", async (t) => {
  const store = tempStore(t);
  await makeFailures(store);
  const { out, code } = await stet("failures", store, "--stack");
  assert.equal(code, 0);
  assert.deepEqual(
    out.filter((line) => !/^ {2,}at /.test(line) || / all$/.test(line)).map((line) =>
      line.replace(/the last .*/, "the last")
    ),
    [
      "alpha=0.5 seed=3",
      "  Error: no 3",
      "  at all",
      "  1 attempt, the last",
      "alpha=0.5 seed=4",
      "  Error: no 4",
      "  at all",
      "  2 attempts, the last",
      "[stet] 2 runs failed and have not succeeded since",
    ],
  );
  const json = (await stet("failures", store, "--json")).out.map((line) => JSON.parse(line));
  assert.deepEqual(
    json.map(({ params, attempt, error, stack }) => [params, attempt, error, stack]),
    [
      [{ alpha: 0.5, seed: 3 }, 1, "no 3\nat all", undefined],
      [{ alpha: 0.5, seed: 4 }, 2, "no 4\nat all", undefined],
    ],
  );
});

test("failures of a store in which nothing has succeeded yet are shown", async (t) => {
  const store = tempStore(t);
  const work = once((_seed: number) => {
    throw new Error("no");
  }, { store, namespace: "train", quiet: true });
  await assert.rejects(work(1));
  assert(!fs.existsSync(store));
  const { out, code } = await stet("failures", store);
  assert.deepEqual([code, out[0], out.length], [0, "1 × no", 3]);
  assert.equal(out[1], "    _seed=1  (namespace train); 1 attempt");
  assert.equal((await stet("failures", store, "--namespace", "other")).out.length, 1);
  assert.match((await stet("coverage", store, "-g", "_seed=1,2")).out[0]!, /0 of 2 done/);
  for (const args of [["ls", store], ["export", store, "-o", `${store}.json`]]) {
    const { err, code } = await stet(...args);
    assert.equal(code, 3);
    assert.match(err.join(), /no run has succeeded, 1 failed; stet failures lists them/);
  }
});

test("failures, explain and coverage of a store that is not there are store problems", async (t) => {
  const store = tempStore(t);
  for (
    const args of [["failures", store], ["explain", store, "a=1"], ["coverage", store, "-g", "a=1"]]
  ) {
    const { err, code } = await stet(...args);
    assert.equal(code, 3);
    assert.match(err.join(), /Cannot find store/);
  }
  assert.deepEqual(fs.readdirSync(dirname(store)), []);
});

test("explain says of a run that is done when it was, how long it took, and its result", async (t) => {
  const store = tempStore(t);
  await makeStore(store, [{
    alpha: 0.1,
    seed: 3,
    "result.loss": 0.25,
    _stet_elapsed: 80.2,
    _stet_timestamp: "2026-11-21T14:22:01.123Z",
  }]);
  assert.deepEqual((await stet("explain", store, "alpha=0.1", "seed=3")).out, [
    "[stet] alpha=0.1 seed=3 is done",
    "  recorded 2026-11-21T14:22:01.123Z, took 1m 20s",
    '  result: {"loss":0.25}',
  ]);
  assert.deepEqual((await stet("explain", store, "alpha=0.1")).out.slice(-1), [
    "Note: the row has seed besides: a function with those in its key asks for them too",
  ]);
});

test("explain says of a run that failed how often, and the last error", async (t) => {
  const store = tempStore(t);
  await makeFailures(store);
  const { out } = await stet("explain", store, "alpha=0.5", "seed=4");
  assert.equal(out[0], "[stet] alpha=0.5 seed=4 failed");
  assert.match(out[1]!, /^ {2}2 attempts failed, the last \d{4}-.*:$/);
  assert.deepEqual(out.slice(2), [
    "    no 4",
    "    at all",
    "Nearest rows:",
    "  alpha=0.5 seed=5  (seed: 4 asked, 5 stored)",
    "  alpha=0.5 seed=6  (seed: 4 asked, 6 stored)",
    "  alpha=0.5 seed=7  (seed: 4 asked, 7 stored)",
  ]);
});

test("explain shows the rows that differ in the fewest columns, then by the least", async (t) => {
  const store = tempStore(t);
  await makeStore(store, [
    { alpha: 9, seed: 9, model: "a" },
    { alpha: 0.1, seed: 90, model: "a" },
    { alpha: 0.1, seed: 4, model: "a" },
    { alpha: 0.2, seed: 5, model: "a" },
    { alpha: 0.1, seed: 3, model: "b" },
  ]);
  const { out } = await stet("explain", store, "alpha=0.1", "seed=3", "model=a", "--json");
  const { state, nearest } = JSON.parse(out.join("\n"));
  assert.equal(state, "unknown");
  assert.deepEqual(nearest.map(({ differences }: { differences: unknown }) => differences), [
    [{ column: "seed", asked: 3, stored: 4 }],
    [{ column: "seed", asked: 3, stored: 90 }],
    [{ column: "model", asked: "a", stored: "b" }],
  ]);
});

test("explain gives the usual reasons: other kinds, rounding, missing and misspelt columns", async (t) => {
  const store = tempStore(t);
  await makeStore(store, [{ alpha: 0.3, seed: "3" }, { alpha: 0.1, seed: 4 }]);
  for (
    const [args, note] of [
      [
        ["alpha=0.3", "seed=3"],
        /seed is the text 3 in the nearest row, and the number 3 was asked/,
      ],
      [["alpha=0.1", "seed=4.00000000001"], /seed differs .* by rounding only/],
      [["alpha=0.1", "sed=4"], /there is no column "sed": did you mean "seed"\?/],
      [["alpha=0.1", "seed=4", "beta=1"], /no row has a column "beta"; .*defaults: \{ beta: … \}/],
    ] as const
  ) assert.match((await stet("explain", store, ...args)).out.at(-1)!, note);
});

test("a value on a command line is text where its text would lose something, or the store has texts", async (t) => {
  const store = tempStore(t);
  await makeStore(store, [{ version: "3.9", n: 1 }, { version: "3.10", n: 2 }]);
  const stateOf = async (...pairs: string[]): Promise<string> =>
    (await stet("explain", store, ...pairs)).out[0]!;
  for (const pair of ["version=3.10", "version=3.9", "version:text=3.9", 'version="3.9"', "n=1"]) {
    assert.match(await stateOf(pair), /is done$/, pair);
  }
  for (const pair of ["version:number=3.9", "n:text=1", "n=01", "version=3.1"]) {
    assert.match(await stateOf(pair), /is not done/, pair);
  }
  const covered = await stet("coverage", store, "-g", "version=3.9,4.0", "-g", "n=1..2");
  assert.match(covered.out[0]!, /1 of 4 done/);
  assert.deepEqual(covered.err.map((line) => /Note: (\w+) is text/.exec(line)?.[1]), ["version"]);
  const one = await stet("coverage", store, "-g", "version=3.9");
  assert.match(one.out[0]!, /1 of 1 done/);
  assert.match(one.err.join(), /version is text, as in the store/);
  const numbers = await stet("coverage", store, "-g", "version:number=3.9");
  assert.match(numbers.out[0]!, /0 of 1 done/);
  assert.deepEqual((await stet("reset", store, "n=01")).out, [
    "[stet] No entry matches: {'n': '01'}",
    "[stet] What would match: n=1, a number (1 entry)",
  ]);
  assert.deepEqual((await stet("reset", store, "version=3.10")).out, [
    "[stet] Removed entry: {'version': '3.10'}",
  ]);
  assert.equal((await stet("reset", store, "n:number=x")).code, 2);
});

test("reset --where and failures --forget take what a condition selects", async (t) => {
  const store = tempStore(t);
  await makeFailures(store);
  const before = (await stet("failures", store, "--json")).out.length;
  assert(before > 1);
  const chosen = (await stet("failures", store, "--json", "--where", "seed = 4")).out.length;
  assert.equal(chosen, 1);
  assert.deepEqual((await stet("failures", store, "--forget", "--where", "seed = 4")).out, [
    "[stet] Forgot 1 failure",
  ]);
  assert.equal((await stet("failures", store, "--json")).out.length, before - 1);
  const misspelt = await stet("failures", store, "--namespace", "bas");
  assert.match(misspelt.err.join(), /no failure has the namespace bas; they have /);
  for (
    const [args, message] of [
      [["reset", store, "--where", "sed > 1"], /did you mean seed/],
      [["reset", store, "sed=1"], /there is no column "sed"; did you mean "seed"\?/],
      [["reset", store, "_stet_namespace=b"], /there is no namespace "b"; no entry has one/],
      [["failures", store, "--forget", "--where", "sed > 1"], /did you mean seed/],
      [["failures", store, "--forget", "--retry"], /exclude each other/],
    ] as const
  ) {
    const { code, err } = await stet(...args);
    assert.equal(code, 2);
    assert.match(err.join(), message);
  }
  assert.match((await stet("failures", store, "--forget")).out[0]!, /Forgot \d+ failures?/);
  assert.match((await stet("failures", store)).out[0]!, /No run failed/);
  assert.equal((await stet("reset", store, "seed=9999")).code, 0, "a value may be gone already");
  assert.match((await stet("reset", store, "--where", "seed >= 0")).out[0]!, /\(\d+ rows\)/);
  assert.match((await stet("status", store)).out[1]!, /0 completed/);
  for (const what of ["--yes", "seed=1"]) {
    const { code, err } = await stet("reset", `${store}x.csv`, what);
    assert.equal(code, 3, what);
    assert.match(err.join(), /Cannot find store/);
  }
});

test("reset of a namespace that is not there names the nearest", async (t) => {
  const store = tempStore(t);
  await makeStore(store, [{ n: 1, _stet_namespace: "base" }]);
  const { code, err } = await stet("reset", store, "_stet_namespace=bas");
  assert.equal(code, 2);
  assert.match(err.join(), /there is no namespace "bas"; did you mean "base"\?/);
  assert.equal((await stet("reset", store, "_stet_namespace=base")).code, 0);
});

test("explain and coverage see what another process runs, and not what a dead one ran", async () => {
  await inWorkshop(async ({ folder, startStoreWorker }) => {
    const store = `${folder}/runs.csv`;
    const worker = startStoreWorker(runtimes[0]!);
    await worker.ask("claim", store, "a");
    const { out } = await stet("explain", store, "key=a");
    assert.equal(out[0], `[stet] key=a is being run by process ${worker.pid}`);
    const grid = ["-g", "key=a,b"];
    assert.match(
      (await stet("coverage", store, ...grid)).out[0]!,
      /1 missing, 0 failed, 1 running/,
    );
    assert.deepEqual((await stet("coverage", store, ...grid, "--list", "running")).out, ["key=a"]);
    await makeStore(store, [{ key: "c" }]);
    worker.signal("SIGKILL");
    await worker.ended;
    assert.match(
      (await stet("coverage", store, ...grid)).out[0]!,
      /2 missing, 0 failed, 0 running/,
    );
    assert.deepEqual(fs.readdirSync(folder), ["runs.csv"]);
  });
});

test("coverage counts what is done, missing, failed and outside, for each value too", async (t) => {
  const store = tempStore(t);
  await makeFailures(store);
  const { out, code } = await stet("coverage", store, "-g", "alpha=0.5,1", "-g", "seed=2..5");
  assert.equal(code, 0);
  assert.deepEqual(out.map((line) => line.replace(/ +[█░]+.*$/u, "")), [
    "[stet] 2 of 8 done (25%): 4 missing, 2 failed, 0 running; 6 rows outside the grid",
    "alpha=0.5  2/4",
    "alpha=1    0/4",
    "seed=2     1/2",
    "seed=3     0/2",
    "seed=4     0/2",
    "seed=5     1/2",
  ]);
  const json = JSON.parse(
    (await stet("coverage", store, "-g", "alpha=0.5", "-g", "seed=2,3", "--json")).out.join(),
  );
  assert.deepEqual(json, {
    total: 2,
    missing: 0,
    failed: 1,
    running: 0,
    done: 1,
    outside: 7,
    axes: [[{ params: { alpha: 0.5 }, done: 1, total: 2 }], [
      { params: { seed: 2 }, done: 1, total: 1 },
      { params: { seed: 3 }, done: 0, total: 1 },
    ]],
  });
});

test("coverage lists combinations as a file that is a grid", async (t) => {
  const store = tempStore(t);
  await makeStore(store, [{ model: "a", n: 1 }, { model: "b", n: "1" }]);
  const grid = ["-g", "model=a,b", "-g", 'n=1,"1",[1,2]'];
  const { out } = await stet("coverage", store, ...grid, "--list", "missing", "--json");
  assert.deepEqual(out.map((line) => JSON.parse(line)).length, 4);
  const file = `${store}.jsonl`;
  fs.writeFileSync(file, out.join("\n") + "\n");
  assert.match(
    (await stet("coverage", store, "-g", file)).out[0]!,
    /0 of 4 done .*; 2 rows outside/,
  );
  assert.deepEqual((await stet("coverage", store, "-g", "n=2", "--list", "outside")).out, [
    "model=a n=1",
    `model=b 'n="1"'`,
  ]);
});

test("coverage keeps namespaces apart", async (t) => {
  const store = tempStore(t);
  await makeStore(store, [{ n: 1 }, { n: 1, _stet_namespace: "x" }, {
    n: 2,
    _stet_namespace: "x",
  }]);
  const args = ["coverage", store, "-g", "n=1,2"];
  assert.deepEqual((await stet(...args)).out.slice(0, 2), [
    "[stet] 1 of 2 done (50%): 1 missing, 0 failed, 0 running; 0 rows outside the grid",
    "[stet] 2 rows of other namespaces: see --namespace",
  ]);
  assert.match((await stet(...args, "--namespace", "x")).out[0]!, /2 of 2 done/);
});

test("coverage shows a long axis in groups", async (t) => {
  const store = tempStore(t);
  await makeStore(store, [{ n: 0 }, { n: 99 }]);
  const { out } = await stet("coverage", store, "-g", "n=0..99");
  assert.equal(out.length, 13);
  assert.match(out[1]!, /^n=0 … 8 +1\/9 /);
  assert.match(out[12]!, /^n=99 +1\/1 /);
});

test("wrong command lines are usage errors that say what to do", async (t) => {
  const store = tempStore(t);
  for (
    const [args, message] of [
      [["explain", store], /say which combination/],
      [["coverage", store], /there is no grid/],
      [["coverage", store, "-g", "a=1", "--list", "all"], /--list must be one of missing,/],
      [["failures", "a.csv", "b.csv"], /expected one store/],
      [["failures", store, "--retry"], /--retry wants what to run/],
      [["failures", store, "--", "echo"], /to run them again say --retry/],
      [["run", "-g", "a=1"], /expected the program to run after --/],
      [["run", "-g", "a=1", "echo", "--", "x"], /after --, .*got "echo"/],
      [["run", "--", "echo"], /there is no grid/],
      [["run", "-g", "a=1", "-j", "0", "--", "echo"], /-j must be a whole number from 1 up/],
      [["run", "-g", "a=1", "--timeout", "soon", "--", "echo"], /--timeout must be a time/],
      [["run", "-g", "a=1", "--deadline", "2026-13-01", "--", "echo"], /--deadline must be/],
      [["sweep"], /expected one module\.ts#export, got none/],
      [["sweep", "none.ts#train", "-g", "a=1"], /there is no module "none\.ts"/],
    ] as const
  ) {
    const { err, out, code } = await stet(...args);
    assert.deepEqual([code, out], [2, []], args.join(" "));
    assert.match(err.join("\n"), message);
  }
  assert.deepEqual(fs.readdirSync(dirname(store)), []);
});

test("every command's --help has a usage and examples, and fits a terminal of 80 columns", async () => {
  const commands = (await stet("--help")).out.join("\n").matchAll(/^ {2}(\w+) /gm);
  const names = [...commands].map(([, name]) => name!);
  assert(names.length > 16);
  for (const name of names) {
    const { out, code } = await stet(name, "--help");
    const lines = out.join("\n").split("\n");
    assert.equal(code, 0);
    assert.match(lines[0]!, new RegExp(`^Usage: stet ${name} `));
    assert.match(lines.join("\n"), new RegExp(`Examples:\n  stet ${name}\\b`));
    assert.deepEqual(lines.filter(({ length }) => length > 80), [], name);
  }
});

test("a wrong option is a usage error in words of stet", async () => {
  for (
    const [args, message] of [
      [
        ["ls", "--wher", "x"],
        "stet: there is no option --wher, did you mean --where? See: stet ls --help",
      ],
      [["ls", "-q"], "stet: there is no option -q. See: stet ls --help"],
      [
        ["run", "python", "train.py", "--lr", "1"],
        "stet: there is no option --lr; values of a param are -g lr=…; options of the program come after --. " +
        "See: stet run --help",
      ],
      [
        ["run", "--http-retry", "--", "true"],
        "stet: there is no option --http-retry; it is one of stet sweep, stet failures. See: stet run --help",
      ],
      [["ls", "-n=x"], 'stet: -n must be a whole number from 1 up, got "x". See: stet ls --help'],
      [["ls", "--json=3"], 'stet: --json takes no value, got "3". See: stet ls --help'],
      [["ls", "-n"], "stet: -n needs a value: count. See: stet ls --help"],
      [
        ["ls", "-n", "-3"],
        'stet: -n must be a whole number from 1 up, got "-3". See: stet ls --help',
      ],
      [
        ["ls", "--where", "--json"],
        "stet: --where needs a value, and --json looks like an option; --where=--json says that it is the " +
        "value. See: stet ls --help",
      ],
      [
        ["run", "-s", "a.csv", "-g", "n=1", "-s", "20", "--", "true"],
        'stet: --store is given 2 times, "a.csv" and "20"; give it once. See: stet run --help',
      ],
      [
        ["ls", "-n3", "--limit=4"],
        'stet: --limit is given 2 times, "3" and "4"; give it once. See: stet ls --help',
      ],
      [
        ["query", "a.csv"],
        'stet: expected a store and the SQL in quotes, got "a.csv". See: stet query --help',
      ],
    ] as const
  ) assert.deepEqual(await stet(...args), { out: [], err: [message], code: 2 });
});

test("words after -- are a program for run, and arguments for other commands", async () => {
  const { err } = await stet("run", "-g", "a=1", "--store", "x.foo", "--", "echo", "--", "--help");
  assert.match(err.join(), /Cannot open store "x\.foo"/);
  assert.match((await stet("status", "--", "--help")).err.join(), /Cannot open store "--help"/);
});
