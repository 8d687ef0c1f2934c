import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { main } from "../../cli.ts";
import { inProcess, status, sweep, workers } from "../../mod.ts";
import { tempFolder } from "../temp_folder.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
// Inside the repository, where the copy finds its packages.
const copy = fs.mkdtempSync(join(root, "examples/copy-"));
after(() => fs.rmSync(copy, { recursive: true }));
for (
  const name of [
    "backends",
    "core",
    "duckdb",
    "executors",
    "packages",
    "query",
    "library.ts",
    "mod.ts",
  ]
) fs.cpSync(join(root, name), join(copy, name), { recursive: true });

/** Writes a module that uses the copy, and returns its path. */
function moduleOf(folder: string): string {
  const module = join(folder, "copied.ts");
  fs.writeFileSync(
    module,
    `import { once, Store } from ${JSON.stringify(pathToFileURL(join(copy, "mod.ts")).href)};
import fs from "node:fs";
export const square = once(({ n }: { n: number }) => {
  if (n === 3) throw new Error("three");
  return n * n;
}, { store: ${JSON.stringify(join(folder, "runs.csv"))}, save: true });
export const store = new Store({
  runner: ({ resultFile, n }) => fs.writeFileSync(resultFile, String(n)),
  store: ${JSON.stringify(join(folder, "records.csv"))},
  resultsDir: ${JSON.stringify(join(folder, "results"))},
});
`,
  );
  return module;
}

test("sweep() sweeps a function and a Store that another copy of stet has made", async (t) => {
  const folder = tempFolder(t);
  const module = moduleOf(folder);
  const { square, store } = await import(pathToFileURL(module).href);
  const grid = [{ n: 1 }, { n: 2 }, { n: 3 }];
  assert.deepEqual(await sweep(square, grid), { ran: 2, skipped: 0, failed: 1 });
  const executor = workers(module, "square", { concurrency: 1 });
  assert.deepEqual(await sweep(square, grid, { executor }), { ran: 0, skipped: 2, failed: 1 });
  assert.equal(await square({ n: 2 }), 4);
  assert.deepEqual(await sweep(store, grid, { executor: inProcess() }), {
    ran: 3,
    skipped: 0,
    failed: 0,
  });
  await square.close();
  await store.close();
  assert.equal((await status(join(folder, "runs.csv"), { quiet: true })).count, 2);
});

test("stet sweep runs a function that another copy of stet has wrapped, at another store", async (t) => {
  const folder = tempFolder(t);
  const module = moduleOf(folder);
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const store = join(folder, "others.csv");
  const args = ["sweep", `${module}#square`, "-g", "n=1,2", "--store", store, "--workers"];
  assert.equal(await main(args, { log, error: log }), 0, lines.join("\n"));
  assert.match(lines.join("\n"), /2 ran, 0 skipped, 0 failed/);
  assert.equal((await status(store, { quiet: true })).count, 2);
});

test("a function of another version of the brand is refused", () => {
  const fn = (n: number): number => n;
  Object.defineProperty(fn, Symbol.for("stet.swept"), { value: { version: 0 } });
  assert.throws(() => sweep(fn as never, []), /another copy of stet: their versions do not fit/);
});
