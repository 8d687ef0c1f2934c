/**
 * Counts the code that one call of `once` on a CSV passes: files, functions, fingerprints, lookups in the
 * index and refreshes of the file, for a new key and for a hit.
 *
 *     node bench/walk.ts             the counts
 *     node bench/walk.ts --list      also each function, with its calls
 *
 * @module
 */
import fs from "node:fs";
import { Session } from "node:inspector/promises";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { once } from "../mod.ts";

const root = new URL("../", import.meta.url).href;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "stet-walk-"));
const isListed = process.argv.includes("--list");

/** A function of the project, and how often it was called. */
interface Called {
  readonly file: string;
  readonly name: string;
  readonly count: number;
}

const session = new Session();
session.connect();
await session.post("Profiler.enable");

/** Counts the calls of a body, after another in which functions are compiled anew, which takes long. */
async function called(
  body: () => Promise<unknown>,
  before: () => Promise<unknown>,
): Promise<Called[]> {
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  await before();
  await session.post("Profiler.takePreciseCoverage"); // the counts begin anew
  await body();
  const { result } = await session.post("Profiler.takePreciseCoverage");
  await session.post("Profiler.stopPreciseCoverage");
  return result.filter(({ url }) => url.startsWith(root) && !url.startsWith(import.meta.url))
    .flatMap(({ url, functions }) =>
      functions.map(({ functionName, ranges }) => ({
        file: url.slice(root.length),
        name: functionName || "(arrow)",
        count: ranges[0]?.count ?? 0,
      }))
    ).filter(({ count }) => count > 0);
}

function report(what: string, calls: readonly Called[]): void {
  const sum = (file: string, ...names: string[]): number =>
    calls.filter((it) => it.file.endsWith(`/${file}`) && names.includes(it.name))
      .reduce((total, { count }) => total + count, 0);
  const total = calls.reduce((count, it) => count + it.count, 0);
  console.log(
    `${what}: ${new Set(calls.map(({ file }) => file)).size} files, ${calls.length} functions, ` +
      `${total} calls, ${sum("fingerprint.ts", "end")} fingerprints, ` +
      `${sum("key_index.ts", "find", "sourceOf")} lookups in the index, ` +
      `${sum("store_file.ts", "refresh")} refreshes`,
  );
  if (!isListed) return;
  for (const { file, name, count } of calls) console.log(`  ${file} ${name} × ${count}`);
}

for (const save of [false, true]) {
  const store = path.join(folder, `${save}.csv`);
  const train = once(
    ({ alpha, seed }: { alpha: number; seed: number }) => ({ loss: alpha * seed }),
    { store, save, quiet: true, key: ["alpha", "seed"] },
  );
  let seed = 0;
  for (let i = 0; i < 3; i++) await train({ alpha: 0.5, seed: seed++ }); // the store is made and open
  await train({ alpha: 0.5, seed: 0 });
  const kind = save ? "with save" : "without save";
  const hit = () => train({ alpha: 0.5, seed: 0 });
  report(`new key ${kind}`, await called(() => train({ alpha: 0.5, seed: seed++ }), hit));
  report(`hit ${kind}`, await called(hit, hit));
}
fs.rmSync(folder, { recursive: true });
process.exit(); // the stores are closed with the process
