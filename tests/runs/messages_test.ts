import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { MemoryBackend } from "../../backends/mod.ts";
import { once, type OnceOptions } from "../../mod.ts";
import { runtimes } from "../runtimes.ts";
import { tempFolder } from "../temp_folder.ts";

const own = runtimes.find(({ command }) => command === process.execPath)!;
const library = new URL("../../mod.ts", import.meta.url).href;

test("skipped calls are summed up on standard error at the end of the process", (t) => {
  const folder = tempFolder(t);
  fs.writeFileSync(
    join(folder, "grid.ts"),
    `import { once, type OnceOptions } from ${JSON.stringify(library)};
const square = once(({ n }: { n: number }) => n * n, { store: "runs.csv" });
const quiet = once((n: number) => n, { store: ":memory:", quiet: true });
for (const n of [1, 2, 3]) {
  await square({ n });
  await square({ n });
  await quiet(1);
}
await square({ n: 1 });
`,
  );
  const options = { cwd: folder, encoding: "utf8" } as const;
  const { status, stdout, stderr } = spawnSync(own.command, [...own.args, "grid.ts"], options);
  assert.equal(status, 0, stderr);
  assert.equal(stdout, "");
  assert.equal(stderr, "[stet] Skipped 4 calls of square(): done before\n");
});

const lines: string[] = [];

/** Options of functions of which each has a store of its own. */
function options(): OnceOptions<never> {
  return { store: new MemoryBackend(), log: (line) => lines.push(line) };
}

const stet = { once };
const train = once(() => 1, options());
const eval_2: () => unknown = stet
  .once(() => 1, options());
const functions = { count: 1, ask: once(() => 1, options()) };
const variable = once(function own() {}, options());
const [unnamed] = [once(() => 1, options())];

test("once() names a function without a name after its variable or field", async () => {
  for (const fn of [train, eval_2, functions.ask, variable, unnamed!]) {
    await fn();
    await fn();
  }
  const names = lines.map((line) => /Skipping (.*)\(/.exec(line)?.[1]);
  assert.deepEqual(names, ["train", "eval_2", "ask", "own", "anonymous"]);
});
