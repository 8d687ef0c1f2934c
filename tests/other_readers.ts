import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { loadDuckDb } from "../duckdb/duckdb.ts";

/** Reason to skip a test that runs Python; false if it is there. */
export const noPython = spawnSync("python3", ["--version"]).status === 0
  ? false
  : "python3 is not installed";

interface Connection {
  run(sql: string): Promise<{
    getRowObjects(): Promise<readonly Readonly<Record<string, unknown>>[]>;
  }>;
}

/** The rows of a statement as DuckDB reads files by itself. */
export async function duckDbRows(
  sql: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { DuckDBInstance } = await loadDuckDb() as unknown as {
    DuckDBInstance: { create(): Promise<{ connect(): Promise<Connection> }> };
  };
  const connection = await (await DuckDBInstance.create()).connect();
  return await (await connection.run(sql)).getRowObjects();
}

/** The rows of a CSV file as Python's csv module reads them. */
export function pythonRows(file: string): readonly (readonly string[])[] {
  const script = "import csv, json, sys; csv.field_size_limit(1 << 30); " +
    "print(json.dumps(list(csv.reader(open(sys.argv[1], newline='', encoding='utf-8')))))";
  const { stdout, stderr } = spawnSync("python3", ["-c", script, file], { encoding: "utf8" });
  assert.notEqual(stdout, "", stderr);
  return JSON.parse(stdout);
}
