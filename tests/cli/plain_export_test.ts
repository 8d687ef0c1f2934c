import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { main } from "../../cli.ts";
import { ls } from "../../mod.ts";
import { tempFolder } from "../temp_folder.ts";

/** Runs a command line, and returns its exit code and its lines. */
async function stet(...args: string[]): Promise<{ code: number; lines: string }> {
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const code = await main(args, { log, error: log });
  return { code, lines: lines.join("\n") };
}

const MODULE = `
let isBroken = true;
export const mend = () => { isBroken = false; };
export async function train({ alpha, seed }: { alpha: number; seed: number }) {
  if (isBroken && seed === 2) throw new Error("broken");
  return { loss: alpha * seed };
}
export const double = (n: number) => 2 * n;
export function* each(n: number) { yield n; }
export const table = [1, 2];
`;

test("stet sweep runs a plain export, and --save saves its results", async (t) => {
  const folder = tempFolder(t);
  const module = join(folder, "plain.ts");
  const store = join(folder, "runs.csv");
  fs.writeFileSync(module, MODULE);
  const command = ["sweep", `${module}#train`, "-g", "alpha=0.5", "-g", "seed=1..3"];
  const first = await stet(...command, "-s", store, "--save");
  assert.match(first.lines, /2 ran, 0 skipped, 1 failed/);
  const second = await stet(...command, "-s", store, "--save");
  assert.match(second.lines, /0 ran, 2 skipped, 1 failed/);
  const other = [
    "sweep",
    `${module}#train`,
    "-g",
    "alpha=1",
    "-g",
    "seed=1,3",
    "-s",
    store,
    "--save",
  ];
  assert.match((await stet(...other)).lines, /2 ran/);
  (await import(`file://${module}`)).mend();
  const third = await stet("failures", store, "--retry", `${module}#train`, "--save");
  assert.match(third.lines, /1 ran, 0 skipped, 0 failed/);
  // What is run again is no plan of its own.
  assert.match((await stet("status", store)).lines, /2 of 2 planned combinations are done/);
  const rows = await ls(store, {
    quiet: true,
    where: "alpha = 0.5",
    sort: ["seed"],
    columns: ["seed", "result.loss"],
  });
  assert.deepEqual(rows, [
    { "seed": 1, "result.loss": 0.5 },
    { "seed": 2, "result.loss": 1 },
    { "seed": 3, "result.loss": 1.5 },
  ]);
});

test("stet sweep --workers runs a plain export in worker processes", async (t) => {
  const folder = tempFolder(t);
  const module = join(folder, "plain.ts");
  fs.writeFileSync(module, MODULE);
  const store = join(folder, "runs.csv");
  const { lines } = await stet(
    "sweep",
    `${module}#double`,
    "-g",
    "n=1..4",
    "-s",
    store,
    "--workers",
  );
  assert.match(lines, /4 ran, 0 skipped, 0 failed/);
});

test("stet sweep says how a plain export is run, and refuses what is none", async (t) => {
  const folder = tempFolder(t);
  const module = join(folder, "plain.ts");
  fs.writeFileSync(module, MODULE);
  const sweep = async (...args: string[]) => await stet("sweep", ...args, "-g", "n=1");
  const bare = await sweep(`${module}#double`);
  assert.equal(bare.code, 2);
  assert.match(bare.lines, /double is a plain function: .*--store runs\.csv/);
  const store = join(folder, "runs.csv");
  assert.match((await sweep(`${module}#each`, "-s", store)).lines, /generator function/);
  assert.match(
    (await sweep(`${module}#table`, "-s", store)).lines,
    /it can sweep .*plain\.ts#train/,
  );
  assert.match((await sweep(`${module}#duoble`, "-s", store)).lines, /did you mean "double"/);
  const url = new URL("../../mod.ts", import.meta.url).href;
  fs.writeFileSync(
    join(folder, "wrapped.ts"),
    `import { once } from ${JSON.stringify(url)};\nexport const f = once((n: number) => n);`,
  );
  assert.match((await sweep(join(folder, "wrapped.ts#f"), "--save")).lines, /--save is for plain/);
});
