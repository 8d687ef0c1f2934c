import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { main } from "../../cli.ts";
import { commandSource, programWords } from "../../cli/programs/command_source.ts";
import { tempStore } from "../temp_folder.ts";

interface Ended {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

async function stet(...args: string[]): Promise<Ended> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(args, {
    log: (line) => out.push(line),
    error: (line) => err.push(line),
  });
  return { out: out.join("\n"), err: err.join("\n"), code };
}

test("a program is its script, its code, or the words before its options", () => {
  for (
    const [line, program] of [
      ["python train.py --lr {lr}", "train.py"],
      ["env X={slot} python train.py --lr {lr}", "train.py"],
      ["./train --lr {lr}", "./train"],
      ["./train {lr}", "./train"],
      ["stet-sim fit --lr {lr}", "stet-sim fit"],
      ["python -m pkg.train --lr {lr}", "python -m pkg.train"],
      ["sh -c code {lr}", "sh -c code"],
      ["docker run --rm image {lr}", "docker run --rm image {lr}"],
      ["echo all", "echo all"],
    ] as const
  ) assert.equal(programWords(line.split(" ")).join(" "), program, line);
  const [first, second] = [["./train", "{lr}"], ["./train", "--lr={lr}"]].map(commandSource);
  assert.equal(first!.split("-")[0], second!.split("-")[0]);
  assert.notEqual(first, second);
});

test("rows of the same program with other arguments count after a note", async (t) => {
  const store = tempStore(t);
  const run = (...args: string[]) => stet("run", "-s", store, "-g", "n=1,2", ...args);
  assert.match((await run("--", "echo", "{n}")).err, /2 ran/);
  const changed = await run("--", "echo", "--", "{n}");
  assert.match(
    changed.err,
    /2 rows of ".*" were made by this program with other arguments, and count/,
  );
  assert.match(changed.err, /0 ran, 2 skipped/);
  assert.match((await run("--on-change", "rerun", "--", "echo", "[{n}]")).err, /2 ran, 0 skipped/);
  assert.match(readFileSync(store, "utf8"), /^1,\[1\],/m);
});

test("another program is refused with three ways out, and each is one", async (t) => {
  const store = tempStore(t);
  const run = (...args: string[]) => stet("run", "-s", store, "-g", "n=1,2", ...args);
  await run("--", "echo", "{n}");
  const { err, code } = await run("--", "printf", "{n}");
  assert.equal(code, 3);
  for (const way of ["--namespace name", "another store than --store", "--on-change ignore"]) {
    assert(err.includes(way), err);
  }
  assert.match((await run("--on-change", "ignore", "--", "printf", "{n}")).err, /0 ran, 2 skipped/);
  assert.match((await run("--namespace", "b", "--", "printf", "{n}")).err, /2 ran/);
});

test("rows of sources that older versions wrote count where the template is the same", async (t) => {
  const store = tempStore(t);
  const run = (): Promise<Ended> => stet("run", "-s", store, "-g", "n=1", "--", "./x", "{n}");
  const [, whole] = commandSource(["./x", "{n}"]).split("-");
  writeFileSync(
    store,
    `n,_stet_source,_stet_timestamp\n1,run:${whole}-${whole},2026-01-01T00:00:00.000Z\n`,
  );
  const { err, code } = await run();
  assert.equal(code, 2, "the program is not there, and the store is accepted");
  assert.match(err, /Cannot run "\.\/x"/);
});

test("--default has rows count from before the grid had a param", async (t) => {
  const store = tempStore(t);
  const run = (...args: string[]) => stet("run", "-s", store, ...args);
  await run("-g", "seed=1,2", "--", "echo", "{seed}");
  const program = ["--", "echo", "--", "{seed}", "{model}"];
  const grid = ["-g", "seed=1,2", "-g", "model=mlp,3.10"];
  const { err } = await run(...grid, "--default", "model=mlp", ...program);
  assert.match(err, /2 ran, 2 skipped/);
  assert.match((await run(...grid, "--default", "model=mlp", ...program)).err, /0 ran, 4 skipped/);
  const { out } = await stet("coverage", store, ...grid);
  assert.match(out, /4 of 4 done/);
  const explained = await stet("explain", store, "seed=2", "model=mlp");
  assert.match(explained.out, /is done\n[^]*Note: the row has no model: it counts as model=mlp, /);
  assert.match(
    (await stet("explain", store, "seed=3", "model=mlp")).out,
    /seed: 3 asked, 2 stored\)/,
  );
  const wrong = await run(...grid, "--default", "modle=mlp", ...program);
  assert.equal(wrong.code, 2);
  assert.match(
    wrong.err,
    /--default names "modle", which the grid does not have; did you mean "model"\?/,
  );
});

test("a grid with a new param is said before all of it runs", async (t) => {
  const store = tempStore(t);
  const run = (...args: string[]) => stet("run", "-s", store, ...args);
  const program = ["--", "echo", "--", "{seed}", "{model}"];
  await run("-g", "seed=1,2", "--", "echo", "{seed}");
  const grown = ["-g", "seed=1,2", "-g", "model=m l p,cnn"];
  const note =
    /the 2 rows of ".*" have no model, and none counts: all 4 combinations run\. .*, as in --default 'model=m l p'$/m;
  assert.match((await run(...grown, "--dry-run", ...program)).err, note);
  const known = await run(...grown, "--default", "model=m l p", "--dry-run", ...program);
  assert.doesNotMatch(known.err, /none counts/);
  assert.match(known.err, /2 would run, 2 are done/);
  assert.doesNotMatch(
    (await run(...grown, "--on-change", "rerun", "--dry-run", ...program)).err,
    note,
  );
  assert.match((await run(...grown, ...program)).err, note);
  const more = await run("-g", "seed=3", "-g", "model=cnn", ...program);
  assert.doesNotMatch(more.err, /none counts/);
  const apart = await run("--namespace", "b", ...grown, ...program);
  assert.doesNotMatch(apart.err, /none counts/, "rows of another namespace");
  const renamed = await run(
    "-g",
    "sed=1",
    "-g",
    "model=cnn",
    "--",
    "echo",
    "--",
    "{sed}",
    "{model}",
  );
  assert.match(
    renamed.err,
    /have seed and no sed, and none counts: the combination runs\. A param that was renamed/,
  );
});

test("a function with a new param is said before its whole grid runs", async (t) => {
  const store = tempStore(t);
  const module = `${store}.ts`;
  const library = new URL("../../mod.ts", import.meta.url).href;
  writeFileSync(
    module,
    `import { once } from ${JSON.stringify(library)};
const train = ({ n, model }) => n;
export const bare = once(train, { store: ${JSON.stringify(store)}, quiet: true });
export const known = once(train, { store: ${
      JSON.stringify(store)
    }, quiet: true, defaults: { model: "mlp" } });`,
  );
  writeFileSync(
    store,
    "n,_stet_timestamp\n1,2026-01-01T00:00:00.000Z\n2,2026-01-01T00:00:00.000Z\n",
  );
  const grid = ["-g", "n=1,2", "-g", "model=mlp,cnn", "--dry-run"];
  assert.match(
    (await stet("sweep", `${module}#bare`, ...grid)).err,
    /have no model, and none counts: .*, as in once\(…, \{ defaults: \{"model":"mlp"\} \}\)/,
  );
  assert.match(
    (await stet("sweep", `${module}#known`, ...grid)).err,
    /^\[stet\] Dry run: 2 would run/,
  );
});

test("a --default is of the kind that the grid has", async (t) => {
  const store = tempStore(t);
  const run = (...args: string[]) => stet("run", "-s", store, ...args);
  await run("-g", "seed=1", "--", "echo", "{seed}");
  const { err } = await run(
    ...["-g", "seed=1", "-g", "python=3.9,3.10", "--default", "python=3.9"],
    ...["--", "echo", "--", "{seed}", "{python}"],
  );
  assert.match(err, /1 ran, 1 skipped/);
});

test("a param that no argument uses is said", async (t) => {
  const store = tempStore(t);
  const run = (...args: string[]) =>
    stet("run", "-s", store, "-g", "lr=1", "-g", "seed=1,2", ...args);
  const note = /Note: no argument uses \{seed\}; the program finds params only in its environment/;
  assert.match((await run("--", "echo", "{lr}")).err, note);
  assert.doesNotMatch((await run("--", "echo", "{lr}", "{seed}")).err, /Note: no argument/);
  const inShell = await run("--namespace", "b", "--", "sh", "-c", "echo $STET_PARAM_SEED");
  assert.doesNotMatch(inShell.err, /Note: no argument/);
});

test("a grid that was written wrong and failed does not make texts of the next one", async (t) => {
  const store = tempStore(t);
  const run = (...grid: string[]) =>
    stet("run", "-s", store, ...grid, "--", "test", "{n}", "-eq", "1");
  assert.match((await run("-g", "n=0-4")).err, /1 failed/);
  assert.doesNotMatch((await run("-g", "n=1")).err, /n is text/);
  assert.match(readFileSync(store, "utf8"), /^1,/m);
  assert.match((await run("-g", "n=2.10")).err, /1 failed/);
});

test("a param that hides {id} or {slot} is said", async (t) => {
  const run = (...args: string[]) => stet("run", "-s", tempStore(t), "-g", "id=7", ...args);
  const note = /Note: \{id\} is the param "id"; the id of the run is STET_ID in the environment/;
  assert.match((await run("--", "echo", "{id}", "{slot}")).err, note);
  const other = await run("-g", "slot=1", "--", "echo", "{slot}", "STET_PARAM_ID");
  assert.doesNotMatch(other.err, note);
  assert.match(other.err, /Note: \{slot\} is the param "slot"/);
});

test("a function is refused the rows of a program, as a program those of a function", async (t) => {
  const store = tempStore(t);
  const module = `${store}.ts`;
  writeFileSync(module, "export const train = ({ n }: { n: number }) => n;");
  const sweep = ["sweep", `${module}#train`, "-s", store, "-g", "n=1"];
  const run = ["run", "-s", store, "-g", "n=1", "--", "echo", "{n}"];
  for (
    const [source, args, message] of [
      ["run:0-0", sweep, /Cannot run train\(\) on store .*made by a program of stet run, and each/],
      ["node:0", run, /made by another program \(node:0\), and each would skip/],
      ["node:0", sweep, /0 ran, 1 skipped/],
    ] as const
  ) {
    writeFileSync(store, `n,_stet_source,_stet_timestamp\n1,${source},2026-01-01T00:00:00.000Z\n`);
    const { err, code } = await stet(...args);
    assert.match(err, message);
    assert.equal(code, /Cannot/.test(err) ? 3 : 0);
  }
});
