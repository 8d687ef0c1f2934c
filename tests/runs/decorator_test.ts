import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { MemoryBackend } from "../../backends/mod.ts";
import { runtimes } from "../runtimes.ts";
import { tempFolder } from "../temp_folder.ts";

const isNode = !process.versions.deno && !process.versions.bun;
const skip = isNode && "Node cannot parse decorators without compiling";
const module = new URL("../fixtures/decorated.ts", import.meta.url).href;
/** Typed by the module, loaded only where it parses. */
const load = (): Promise<typeof import("../fixtures/decorated.ts")> => import(module);

test("@once(options) runs a method once for each key, with its own this", { skip }, async () => {
  const { makeLab, ran } = await load();
  ran.length = 0;
  const Lab = makeLab({ store: new MemoryBackend(), quiet: true });
  const [a, b] = [new Lab("a"), new Lab("b")];
  await a.measure(1, 2);
  await a.measure(1, 2);
  await b.measure(1, 2);
  await b.measure(1, 3);
  assert.deepEqual(ran, ["a measures 1 2", "b measures 1 3"]);
});

test("@once(options) on a method rejects with what the method threw", { skip }, async () => {
  const { makeLab } = await load();
  const lab = new (makeLab({ store: new MemoryBackend(), quiet: true }))("a");
  for (let i = 0; i < 2; i++) await assert.rejects(lab.fail(1, 2), /a fails at 1 2/);
});

test("@once with save gives a skipped method call the first one's result", { skip }, async () => {
  const { makeLab, ran } = await load();
  ran.length = 0;
  const lab = new (makeLab({ store: new MemoryBackend(), quiet: true }))("a");
  assert.equal(await lab.maybe({ alpha: 2, seed: 3 }), 6);
  assert.equal(await lab.maybe({ alpha: 9, seed: 3 }), 6);
  assert.deepEqual(ran, ["a may be 2 3"]);
});

test("@once refuses what is no method", { skip }, async () => {
  const { decorateGetter } = await load();
  assert.throws(decorateGetter, {
    name: "TypeError",
    message: /Cannot decorate the getter size.*methods/,
  });
});

for (const { name, command, args } of runtimes.filter(({ name }) => name !== "node")) {
  test(`a bare @once keeps its rows in _stet_store.csv of the working directory (${name})`, (t) => {
    const folder = tempFolder(t);
    const script = fileURLToPath(new URL("../fixtures/decorated_run.ts", import.meta.url));
    const skipped = "[stet] Skipped 1 call of greet(): done before";
    for (const [printed, complained] of [["hello world", ""], ["", skipped]]) {
      const run = spawnSync(command, [...args, script], { cwd: folder, encoding: "utf8" });
      assert.equal(run.status, 0, run.stderr);
      assert.equal(run.stdout.trim(), printed);
      assert.equal(run.stderr.trim(), complained);
    }
    assert.match(
      readFileSync(`${folder}/_stet_store.csv`, "utf8"),
      /^name,_stet_elapsed,_stet_source,_stet_timestamp\nworld,[^\n]+\n$/,
    );
    assert(!existsSync(`${folder}/_stet_store.csv-state`));
  });
}
