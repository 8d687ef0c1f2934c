import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { missing, type Runtime, runtimes } from "../runtimes.ts";
import { tempFolder } from "../temp_folder.ts";

const library = new URL("../../mod.ts", import.meta.url).href;

/** Writes a program that fits once, and prints the answer. */
function program(folder: string, name: string, fit: string): string {
  const file = join(folder, name);
  writeFileSync(
    file,
    `import { once } from ${JSON.stringify(library)};
const fit = once(${fit}, { save: true, quiet: true });
console.log(JSON.stringify(await fit({ dataset: "iris", seed: 1 })));
`,
  );
  return file;
}

function run(
  { command, args }: Runtime,
  folder: string,
  file: string,
): { out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(command, [...args, file], {
    cwd: folder,
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return { out: stdout.trim(), err: stderr };
}

const fitOf = (name: string): string =>
  `({ dataset, seed }: { dataset: string; seed: number }) => ({ score: "${name} on " + dataset })`;

for (const reason of missing) test("rows of all runtimes are mixed", { skip: reason }, () => {});

for (const runtime of runtimes) {
  test(`a second program on the default store is warned before it gets the first one's result (${runtime.name})`, (t) => {
    const folder = tempFolder(t);
    const a = program(folder, "a.ts", fitOf("A"));
    const b = program(folder, "b.ts", fitOf("B"));
    assert.deepEqual(run(runtime, folder, a), { out: '{"score":"A on iris"}', err: "" });
    const { out, err } = run(runtime, folder, b);
    assert.equal(out, '{"score":"A on iris"}');
    assert.match(err, /another source: 1 of 1 rows in ".*_stet_store\.csv".*store.*namespace/);
    // Comments and layout are no other source.
    writeFileSync(a, readFileSync(a, "utf8").replace("=> ({", "=>\n  // the score\n  ({\n"));
    assert.deepEqual(run(runtime, folder, a), { out: '{"score":"A on iris"}', err: "" });
  });

  for (const other of runtimes.filter(({ name }) => name !== runtime.name)) {
    test(`a row that ${other.name} made answers ${runtime.name} without a warning`, (t) => {
      const folder = tempFolder(t);
      const file = program(folder, "a.ts", fitOf("A"));
      run(other, folder, file);
      assert.deepEqual(run(runtime, folder, file), { out: '{"score":"A on iris"}', err: "" });
      assert.equal(readFileSync(join(folder, "_stet_store.csv"), "utf8").split("\n").length, 3);
    });
  }

  test(`rows that workers made are the sweep's own (${runtime.name})`, (t) => {
    const folder = tempFolder(t);
    const file = join(folder, "sweep.ts");
    writeFileSync(
      file,
      `import { once, sweep, workers } from ${JSON.stringify(library)};
export const double = once(({ n }: { n: number }) => n * 2, { save: true, quiet: true });
const executor = workers(import.meta.url, "double", { concurrency: 1 });
const { ran, skipped } = await sweep(double, [{ n: 1 }, { n: 2 }], { executor }).done;
console.log(ran, skipped, await double({ n: 1 }));
`,
    );
    assert.deepEqual(run(runtime, folder, file), { out: "2 0 2", err: "" });
    assert.deepEqual(run(runtime, folder, file), { out: "0 2 2", err: "" });
  });
}
