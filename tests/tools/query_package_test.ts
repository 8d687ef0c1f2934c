import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { StoreError } from "../../core/errors.ts";
import { DUCKDB, loadDuckDb } from "../../duckdb/duckdb.ts";
import { loadPackage } from "../../packages/load_package.ts";
import { withDuckDb } from "../query_package.ts";
import { runtimes } from "../runtimes.ts";
import { tempFolder } from "../temp_folder.ts";

test("a package that is not installed is an error with the command that installs it", async () => {
  const command = process.versions["deno"]
    ? "deno install --node-modules-dir=auto npm:@stet/absent@1.2.3"
    : process.versions["bun"]
    ? "bun add @stet/absent@1.2.3"
    : "npm install @stet/absent@1.2.3";
  const loading = loadPackage({ name: "@stet/absent", version: "1.2.3" }, "run SQL");
  await assert.rejects(loading, (error: unknown) => {
    assert(error instanceof StoreError);
    assert.equal(
      error.message,
      `Cannot run SQL: the package @stet/absent is not installed; install it with: ${command}`,
    );
    return true;
  });
});

test("a CommonJS package in the program's folder is loaded", (t) => {
  const folder = tempFolder(t);
  const installed = join(folder, "node_modules", "stet-absent");
  mkdirSync(installed, { recursive: true });
  writeFileSync(join(installed, "package.json"), '{ "main": "index.js" }');
  writeFileSync(join(installed, "index.js"), "exports.answer = 42;");
  const { href } = new URL("../../packages/load_package.ts", import.meta.url);
  const program = join(folder, "program.mjs");
  writeFileSync(
    program,
    `import { loadPackage } from ${JSON.stringify(href)};
    console.log((await loadPackage({ name: "stet-absent", version: "1" }, "test")).answer);`,
  );
  for (const { name, command, args } of runtimes) {
    const { stdout, stderr } = spawnSync(command, [...args, program], {
      cwd: folder,
      encoding: "utf8",
    });
    assert.equal(stdout, "42\n", `${name}: ${stderr}`);
  }
});

test("the version that errors name is the one that package.json asks for", () => {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const { peerDependencies, peerDependenciesMeta } = JSON.parse(text);
  assert.equal(peerDependencies[DUCKDB.name], DUCKDB.version);
  assert.equal(peerDependenciesMeta[DUCKDB.name].optional, true);
});

test("DuckDB has all that is used of it", withDuckDb, async () => {
  const { DuckDBInstance, DuckDBTypeId, StatementType } = await loadDuckDb();
  assert.equal(typeof DuckDBInstance.create, "function");
  for (const name of ["LIST", "ARRAY", "STRUCT", "MAP", "DECIMAL", "TIMESTAMP_TZ"]) {
    assert.equal(typeof DuckDBTypeId[name], "number", name);
  }
  for (const name of ["SELECT", "EXPLAIN"]) {
    assert.equal(typeof StatementType[name], "number", name);
  }
});

const deno = runtimes.find(({ name }) => name === "deno");
const skip = deno ? withDuckDb.skip : "Deno is not there";

test("without Deno's permissions, the error names them", { skip }, (t) => {
  const store = join(tempFolder(t), "runs.csv");
  writeFileSync(store, "seed\n1\n");
  const config = deno!.args.filter((arg) => arg.startsWith("--config"));
  const careful = ["run", "--quiet", "--no-prompt", "--allow-read", "--allow-write", ...config];
  const cli = fileURLToPath(new URL("../../cli.ts", import.meta.url));
  const ask = (...permissions: string[]): string => {
    const args = [...careful, ...permissions, cli, "query", store, "SELECT seed FROM runs"];
    const { stdout, stderr } = spawnSync(deno!.command, args, { encoding: "utf8" });
    return stdout + stderr;
  };
  assert.match(ask("--allow-env"), /^stet: Cannot run SQL: .* has no ffi access; .*--allow-ffi/);
  assert.match(ask("--allow-ffi"), /^stet: Cannot run SQL: .* has no env access; .*--allow-env/);
  assert.equal(ask("--allow-ffi", "--allow-env"), "seed\n   1\n");
});
