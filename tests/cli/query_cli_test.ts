import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import type { Output } from "../../cli/command.ts";
import { query } from "../../cli/commands/query.ts";
import { execute, main } from "../../cli/main.ts";
import { UsageError } from "../../cli/usage_error.ts";
import { openBackend } from "../../mod.ts";
import { withDuckDb } from "../query_package.ts";
import { tempFolder } from "../temp_folder.ts";

/** Runs the command; what it printed. */
async function run(...args: string[]): Promise<[out: string[], err: string[]]> {
  const out: string[] = [];
  const err: string[] = [];
  const output: Output = {
    log: (line) => void out.push(line),
    error: (line) => void err.push(line),
    terminal: undefined,
  };
  await execute(query, args, output);
  return [out, err];
}

function storeIn(folder: string): string {
  const store = join(folder, "runs.csv");
  writeFileSync(store, "alpha,seed,result.accuracy\n0.5,1,0.25\n0.5,2,0.75\n1,1,\n");
  return store;
}

test("stet query prints a table, and says if it is not all", withDuckDb, async (t) => {
  const store = storeIn(tempFolder(t));
  const sql = "SELECT alpha, avg(result.accuracy) AS mean FROM runs GROUP BY 1 ORDER BY 1";
  assert.deepEqual(await run(store, sql), [["alpha  mean", "  0.5   0.5", "    1"], []]);
  assert.deepEqual(await run(store, sql, "-n", "1"), [
    ["alpha  mean", "  0.5   0.5"],
    ["the first 1 row; --limit shows more"],
  ]);
});

test("stet query asks the default store if none is named", withDuckDb, async (t) => {
  const before = process.cwd();
  process.chdir(tempFolder(t));
  try {
    writeFileSync("_stet_store.csv", "n,_stet_timestamp\n7,2026-01-01T00:00:00.000Z\n");
    assert.deepEqual(await run("SELECT n FROM runs"), [["n", "7"], []]);
  } finally {
    process.chdir(before);
  }
});

test("stet query writes the format that a file's extension says", withDuckDb, async (t) => {
  const folder = tempFolder(t);
  const store = storeIn(folder);
  const sql = "SELECT alpha, seed FROM runs LIMIT 2";
  for (
    const name of [
      "a.csv",
      "a.json",
      "a.ndjson",
      "a.jsonl",
      "a.parquet",
      "a.arrow",
      "a.feather",
      "a.arrows",
      "a.txt",
    ]
  ) {
    await run(store, sql, "-o", join(folder, name));
  }
  const text = (name: string): string => readFileSync(join(folder, name), "latin1");
  assert.equal(text("a.csv"), "alpha,seed\n0.5,1\n0.5,2\n");
  assert.deepEqual(JSON.parse(text("a.json")), [{ alpha: 0.5, seed: 1 }, { alpha: 0.5, seed: 2 }]);
  assert.equal(text("a.ndjson"), '{"alpha":0.5,"seed":1}\n{"alpha":0.5,"seed":2}\n');
  assert.equal(text("a.jsonl"), text("a.ndjson"));
  assert.equal(text("a.parquet").slice(0, 4), "PAR1");
  assert.equal(text("a.arrows").slice(0, 4), "\xff\xff\xff\xff");
  for (const name of ["a.arrow", "a.feather"]) {
    assert.equal(text(name).slice(0, 6), "ARROW1");
    const backend = await openBackend(join(folder, name));
    assert.equal((await backend.load()).length, 2, name);
    await backend.close();
  }
  assert.equal(text("a.txt"), "alpha  seed\n  0.5     1\n  0.5     2\n");
  assert.equal(readdirSync(folder).length, 10);
});

test("stet query reads result files only when allowed to", withDuckDb, async (t) => {
  const folder = tempFolder(t);
  const store = storeIn(folder);
  writeFileSync(join(folder, "more.csv"), "seed,score\n1,10\n");
  const sql = `SELECT alpha, score FROM runs JOIN '${
    join(folder, "more.csv")
  }' USING (seed) LIMIT 1`;
  await assert.rejects(run(store, sql), { name: "UsageError", message: /--allow-files/ });
  const [out] = await run(store, sql, "--allow-files");
  assert.deepEqual(out, ["alpha  score", "  0.5     10"]);
});

test("a command line of stet query that makes no sense is an error", async (t) => {
  const store = storeIn(tempFolder(t));
  for (
    const args of [
      [],
      [store],
      [store, "FROM", "runs"],
      [store, "FROM runs", "--limit", "0"],
      [store, "FROM runs", "--limit", "many"],
      [store, "FROM runs", "--timeout", "30"],
      [store, "FROM runs", "--format", "xlsx"],
      [store, "FROM runs", "--format", "parquet"],
      [store, "FROM runs", "--output", store],
      [store, "FROM runs", "--output", store, "--format", "json"],
    ]
  ) await assert.rejects(run(...args), UsageError);
  assert.match(readFileSync(store, "utf8"), /^alpha,seed,/);
});

test(
  "stet query exits with 2 after wrong SQL, and with 1 after --timeout",
  withDuckDb,
  async (t) => {
    const store = storeIn(tempFolder(t));
    for (
      const [sql, code, message] of [
        ["SELCT 1", 2, /^stet: Cannot run the SQL: Parser Error[^]*\^\nSee: stet query --help$/],
        ["SELECT sed FROM runs", 2, /Did you mean seed\?\nSee: /],
        ["SELECT count(*) FROM range(1000000000000)", 1, /^stet: Cannot finish the SQL in 100 ms/],
      ] as const
    ) {
      const err: string[] = [];
      const io = { log: () => {}, error: (line: string) => void err.push(line) };
      assert.equal(await main(["query", store, sql, "--timeout", "100ms"], io), code, sql);
      assert.match(err.join("\n"), message);
    }
  },
);
