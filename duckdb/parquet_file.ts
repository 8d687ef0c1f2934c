import fs from "node:fs";
import { currentSignature } from "../core/runtime/file_signature.ts";
import { readCell } from "../core/values/cell.ts";
import { orderColumns } from "../core/values/columns.ts";
import type { DuckDbConnection } from "./duckdb.ts";
import type { DirectFile } from "./direct_file.ts";
import { verifyParquet } from "../packages/parquet_checksum.ts";
import { sqlName, sqlString } from "./sql_text.ts";

/** Number of rows by which the type of a column of cell text is guessed. */
const SAMPLE_ROWS = 1000;

/** The types that stet writes; text is cell text. */
const TYPED = new Set(["BIGINT", "DOUBLE", "BOOLEAN"]);

/**
 * Returns a Parquet file with columns as stet writes them, if it has all rows of its store: the delta is
 * empty. A compaction replaces the file, which DuckDB opens several times; `isUnchanged` detects that.
 */
export async function parquetFile(
  path: string,
  connection: DuckDbConnection,
): Promise<DirectFile | undefined> {
  const before = currentSignature(path);
  // In this order: rows that have left the delta are in another file by then.
  if (fs.existsSync(`${path}.pending.jsonl`)) return undefined;
  checkParquet(path);
  const file = `read_parquet(${sqlString(path)})`;
  const head = await connection.run(`SELECT * FROM ${file} LIMIT ${SAMPLE_ROWS}`);
  const found = head.deduplicatedColumnNames();
  const types = head.columnTypes().map(String);
  if (types.some((type) => !TYPED.has(type) && type !== "VARCHAR")) return undefined;
  const sample = head.rowCount === 0 ? [] : (await head.fetchChunk())!.getColumns();
  const names = orderColumns(found, []);
  const places = names.map((name) => found.indexOf(name));
  return {
    names,
    allNames: undefined,
    isTyped: (column) => TYPED.has(types[places[column]!]!),
    from(columns): string {
      const cells = columns.map((column) => `${sqlName(names[column]!)} AS c${column}`);
      return `(SELECT ${cells.join(", ") || "NULL"} FROM ${file})`;
    },
    sample: (column) =>
      (sample[places[column]!] ?? [])
        .map((cell) => cell === null ? undefined : readCell(String(cell))),
    isUnchanged: () => currentSignature(path) === before,
  };
}

/** @throws {DamageError} If it is damaged. */
function checkParquet(path: string): void {
  const fd = fs.openSync(path, "r");
  try {
    verifyParquet(fd, fs.fstatSync(fd).size);
  } finally {
    fs.closeSync(fd);
  }
}
