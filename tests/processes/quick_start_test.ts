import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { entropicPython, missingEntropic } from "../python/python_entropic.ts";
import { runtimes } from "../runtimes.ts";
import { inWorkshop } from "../workers/worker_process.ts";

const skip = missingEntropic;
const timeout = 120_000;

/** The table as text, and its rows without what differs from run to run. */
function databaseIn(folder: string): { sql: string; rows: unknown[] } {
  const db = new DatabaseSync(path.join(folder, "runs.sqlite3"));
  const [table] = db.prepare("SELECT sql FROM sqlite_master WHERE type = 'table'").all();
  const rows = db.prepare("SELECT *, typeof(dt) AS type FROM results ORDER BY id").all();
  db.close();
  return {
    sql: String(table!["sql"]).replaceAll('"', "").replace(/\s+/g, " "),
    rows: rows.map(({ created_at, custom_data, ...row }) => ({
      ...row,
      time: String(created_at).replace(/\d/g, "0"),
      data: Object.keys(JSON.parse(String(custom_data))),
    })),
  };
}

test("the quick-start of Python's entropic written in TypeScript gives the same table and rows", {
  skip,
  timeout,
}, () =>
  inWorkshop(async ({ folder, start }) => {
    const theirs = path.join(folder, "python");
    fs.mkdirSync(theirs);
    entropicPython("entropic_quick_start.py", theirs);
    for (const runtime of runtimes) {
      const ours = path.join(folder, runtime.name);
      fs.mkdirSync(ours);
      assert.equal(await start(runtime, "quick_start_worker.ts", [ours]).ended, 0);
      assert.deepEqual(databaseIn(ours), databaseIn(theirs));
      const files = (folder: string): string[] =>
        fs.readdirSync(path.join(folder, "results")).sort();
      assert.deepEqual(files(ours), files(theirs));
      assert.deepEqual(fs.readdirSync(ours).sort(), fs.readdirSync(theirs).sort());
    }
  }));
