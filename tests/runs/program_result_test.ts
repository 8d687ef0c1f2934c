import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { main } from "../../cli.ts";
import type { Job } from "../../core/runs/executor.ts";
import type { Row } from "../../core/values/value.ts";
import { commands } from "../../executors/mod.ts";
import { tempFolder } from "../temp_folder.ts";

const never = new AbortController().signal;

function jobOf(params: Row): Job {
  return { id: "0123456789abcdef", params, args: [params], call: () => {}, signal: never };
}

test("a result is the last match of a pattern in output or standard error", async () => {
  const line = "printf 'loss: 0.50\\rloss: \\033[1m0.25\\033[0m\\n'; echo acc=7 name=a b >&2";
  for (
    const [pattern, value] of [
      [/loss: (\S+)/, 0.25],
      [/lo(?:s)s: (\S+)/, 0.25],
      [/(acc)=(?<acc>\d+) name=(?<name>.*)$/, { acc: 7, name: "a b" }],
      [/0\.\d+/g, 0.25],
      [/accuracy (.*)/, undefined],
    ] as const
  ) {
    const executor = commands(["/bin/sh", "-c", line], { result: pattern });
    assert.deepEqual(await executor.run(jobOf({})), value, String(pattern));
  }
});

test("a result is a file of the run, and none that was there before", async (t) => {
  const cwd = tempFolder(t);
  mkdirSync(join(cwd, "out"));
  const program = ["/bin/sh", "-c", '[ "$0" = 2 ] || echo "[$0, 1.5]" > "out/$0.json"', "{seed}"];
  const executor = commands(program, { cwd, concurrency: 2, result: "out/{seed}.json" });
  writeFileSync(join(cwd, "out/2.json"), "7");
  assert.deepEqual(await executor.run(jobOf({ seed: 1 })), [1, 1.5]);
  assert.equal(await executor.run(jobOf({ seed: 2 })), undefined);
  await assert.rejects(executor.run(jobOf({ seed: "x" })), /Cannot read the result .*x\.json/);
  const misspelt = commands(program, { result: "out/{sed}.json" });
  assert.throws(() => misspelt.check?.(jobOf({ seed: 1 })), /did you mean {seed}/);
  assert.throws(() => commands(program, { result: /(\d+) (\d+)/ }), {
    name: "TypeError",
    message: /^Cannot read results by .*: it has 2 groups without names; name those/,
  });
  assert.throws(() => commands(program, { concurrency: 2, result: "out.json" }), {
    name: "TypeError",
    message:
      /^Cannot read the results of 2 programs at once from "out\.json": name a file for each/,
  });
});

async function stet(...args: string[]): Promise<{ err: string[]; code: number }> {
  const err: string[] = [];
  const code = await main(args, { log: () => {}, error: (line) => err.push(line) });
  return { err, code };
}

test("--result names a file or a pattern, and what was not found is said once", async (t) => {
  const folder = tempFolder(t);
  const [first, second] = ["a.csv", "b.csv"].map((name) => join(folder, name));
  const run = (store: string, ...args: string[]) => stet("run", "-s", store, ...args);
  const program = ["--", "sh", "-c", 'echo "loss: $0"', "{n}"];
  const { err } = await run(first!, "-g", "n=1,2", ...program);
  const note = err.filter((line) => line.startsWith("[stet] No result"));
  assert.deepEqual(note, [
    "[stet] No result was found in 2 of 2 runs: the last JSON value of standard output is one, or " +
    "--result says where it is",
  ]);
  const found = await run(second!, "-g", "n=1,2", "--result", "loss: (?<loss>.*)", ...program);
  assert(!found.err.some((line) => line.includes("No result")));
  assert.match(readFileSync(second!, "utf8"), /^n,result\.loss,[^]*^1,1,/m);
  const wrong = await run(second!, "-g", "n=1,2", "--result", "loss: (", ...program);
  assert.equal(wrong.code, 2);
  assert.match(wrong.err[0]!, /--result must be a file \(its name ends in \.json\) or a pattern/);
  const late = await run(first!, "-g", "n=1..3", "--result", "loss: (.*)", ...program);
  assert(late.err.some((line) => /2 skipped runs had no result to save before/.test(line)));
  const shared = await run(second!, "-g", "n=1,3", "-j", "2", "--result", "x.json", ...program);
  assert.equal(shared.code, 2);
});
