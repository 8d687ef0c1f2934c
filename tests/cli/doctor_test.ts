import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { main } from "../../cli.ts";
import { VERSION } from "../../core/runtime/version.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { openBackend } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { runtimes } from "../runtimes.ts";
import { tempStore } from "../temp_folder.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

async function doctor(...args: string[]): Promise<{ out: string[]; code: number }> {
  const out: string[] = [];
  return { code: await main(["doctor", ...args], { log: (line) => out.push(line) }), out };
}

test("doctor says versions, packages, and what is in a store and under it", async (t) => {
  const store = tempStore(t);
  const backend = await openBackend(store);
  await backend.record({ seed: 1 });
  await backend.close();
  const before = fs.readdirSync(path.dirname(store)).sort();
  const { out, code } = await doctor(store);
  assert.equal(code, 0, out.join("\n"));
  const parts = new Map(out.map((line) => line.split(/ {2,}/, 2) as [string, string]));
  assert.equal(parts.get("stet"), VERSION);
  assert.match(parts.get("runtime")!, /^(?:deno|bun|node) \d+\.\d+/);
  for (const name of ["@duckdb/node-api", "apache-arrow", "pg"]) assert(parts.has(name), name);
  assert.equal(parts.get("store"), `${store}: 1 row, 0 failed and have not succeeded since`);
  assert.equal(parts.get("runs"), "nothing runs");
  assert.match(parts.get("locks")!, /^a run is claimed and recorded in \d+ ms$/);
  assert.deepEqual(fs.readdirSync(path.dirname(store)).sort(), before);
  const json = (await doctor(store, "--json")).out.map((line) => JSON.parse(line));
  assert.deepEqual(json[0], { name: "stet", text: VERSION, ok: true });
});

test("doctor says what must be mended, and exits with 1", async (t) => {
  const store = tempStore(t);
  fs.writeFileSync(store, "alpha,seed\n0.1\n1,2,3\n");
  const { out, code } = await doctor(store);
  assert.equal(code, 1);
  assert.match(out.find((line) => line.startsWith("store"))!, /^store +!! .*runs\.csv/);
  const missing = await doctor(path.join(path.dirname(store), "no", "runs.csv"));
  assert.equal(missing.code, 1);
});

test("doctor says which versions of stet run on a store", async (t) => {
  const store = tempStore(t);
  const engine = await openEngine(store);
  await engine.claim(keyOf(keyShape(["n"]), { n: 1 }));
  const lineOf = async (name: string): Promise<string> =>
    (await doctor(store)).out.find((line) => line.startsWith(`${name} `)) ?? "";
  assert.match(
    await lineOf("runs"),
    new RegExp(`1 under way: process \\d+ \\(stet ${VERSION}\\)$`),
  );
  assert.equal(await lineOf("versions"), "");
  const state = new DatabaseSync(`${store}-state`);
  state.exec("UPDATE owners SET since = '2026-01-01T00:00:00.000Z stet 0.0.1'");
  state.close();
  assert.match(await lineOf("runs"), /\(stet 0\.0\.1\)$/);
  assert.match(await lineOf("versions"), /stet 0\.0\.1 runs on it too, this is/);
  await engine.close();
});

const deno = runtimes.find(({ name }) => name === "deno");

test("on Deno, doctor says which permissions are not there", {
  skip: deno ? false : "Deno is not there",
}, (t) => {
  const store = tempStore(t);
  const config = deno!.args.filter((arg) => arg.startsWith("--config"));
  const args = ["run", "--quiet", "--no-prompt", "--allow-read", "--allow-write", ...config];
  const { status, stdout, stderr } = spawnSync(
    deno!.command,
    [...args, path.join(root, "cli.ts"), "doctor", store],
    { encoding: "utf8", env: process.env },
  );
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^permissions +no --allow-run \(stet run\), no --allow-env/m);
});
