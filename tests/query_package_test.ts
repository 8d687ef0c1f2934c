import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { DUCKDB, loadDuckDb } from "../packages/duckdb.ts";
import { loadPackage } from "../packages/load_package.ts";
import { withDuckDb } from "./query_package.ts";

test("a package that is not installed is an error with the command that installs it", async () => {
  const command = process.versions["deno"]
    ? "deno add npm:@stet/absent@1.2.3"
    : process.versions["bun"]
    ? "bun add @stet/absent@1.2.3"
    : "npm install @stet/absent@1.2.3";
  await assert.rejects(loadPackage({ name: "@stet/absent", version: "1.2.3" }, "run SQL"), {
    name: "StoreError",
    message:
      `Cannot run SQL: the package @stet/absent is not installed; install it with: ${command}`,
  });
});

test("the version that errors name is the one that package.json asks for", () => {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
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
