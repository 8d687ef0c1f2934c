import { parse } from "csv-parse/sync";
import { DatabaseSync } from "node:sqlite";
import { existsSync, readFileSync } from "node:fs";
import { extname } from "node:path";
import { loadArrow } from "../../packages/apache_arrow.ts";
import { loadDuckDb } from "../../duckdb/duckdb.ts";

type TextRow = Readonly<Record<string, string>>;

const readers: Readonly<Record<string, (path: string) => TextRow[] | Promise<TextRow[]>>> = {
  ".csv": (path) => parse(readFileSync(path), { columns: true }),
  ".json": (path) => (JSON.parse(readFileSync(path, "utf8")) as object[]).map(textRow),
  ".jsonl": (path) => {
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    return lines.map((line) => textRow(JSON.parse(line)));
  },
  ".parquet": async (path) => {
    const file = `'${path}'`;
    const isThere = existsSync(path);
    const [merged] = isThere
      ? await duckDbRows(
        `SELECT max(decode(value)) FILTER (key = 'stet_generation') AS generation,
           max(decode(value)) FILTER (key = 'stet_merged') AS "offset"
         FROM parquet_kv_metadata(${file})`,
      )
      : [];
    const rows = isThere ? await duckDbRows(`SELECT * FROM read_parquet(${file})`) : [];
    return [...rows, ...pendingRows(`${path}.pending.jsonl`, merged)];
  },
  ".arrow": arrowRows,
  ".arrows": arrowRows,
  ".sqlite": (path) => {
    const db = new DatabaseSync(path, { readOnly: true });
    try {
      return db.prepare("SELECT * FROM stet_records ORDER BY rowid").all().map(textRow);
    } finally {
      db.close();
    }
  },
};

/** The rows of a store as a program that is not stet reads them. */
export async function independentRows(path: string): Promise<TextRow[]> {
  return await readers[extname(path)]!(path);
}

async function arrowRows(path: string): Promise<TextRow[]> {
  const pending = `${path}.pending.jsonl`;
  if (!existsSync(path)) return pendingRows(pending, undefined);
  const { tableFromIPC } = await loadArrow() as unknown as {
    tableFromIPC(bytes: Uint8Array): Iterable<{ toJSON(): object }> & {
      readonly schema: { readonly metadata: ReadonlyMap<string, string> };
    };
  };
  const table = tableFromIPC(readFileSync(path));
  const { metadata } = table.schema;
  const merged = {
    generation: metadata.get("stet_generation") ?? "",
    offset: metadata.get("stet_merged") ?? "",
  };
  const rows = [...table].map((row) => textRow(row.toJSON()));
  return [...rows, ...pendingRows(pending, merged)];
}

/** The rows of a pending file that are not in its columnar one. */
function pendingRows(path: string, merged: TextRow | undefined): TextRow[] {
  if (!existsSync(path)) return [];
  const bytes = readFileSync(path);
  const start = bytes.indexOf(10) + 1;
  const { _stet_generation } = JSON.parse(bytes.toString("utf8", 0, start));
  const isMerged = _stet_generation === merged?.["generation"];
  const text = bytes.toString("utf8", isMerged ? Number(merged!["offset"]) : start);
  return text.split("\n").slice(0, -1).map((line) => textRow(JSON.parse(line)));
}

async function duckDbRows(sql: string): Promise<TextRow[]> {
  const { DuckDBInstance } = await loadDuckDb();
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const result = await connection.run(sql);
    const names = result.deduplicatedColumnNames();
    const rows: TextRow[] = [];
    for (;;) {
      const chunk = await result.fetchChunk();
      if (!chunk || chunk.rowCount === 0) return rows;
      const columns = chunk.getColumns();
      for (let i = 0; i < chunk.rowCount; i++) {
        rows.push(textRow(Object.fromEntries(names.map((name, n) => [name, columns[n]![i]]))));
      }
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function textRow(row: object): TextRow {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, String(value)]));
}
