import fs from "node:fs";
import { loadDuckDb } from "../../duckdb/duckdb.ts";
import { loadArrow } from "../../packages/apache_arrow.ts";

/** Writes a Parquet file as DuckDB does, with a compression; returns its path. */
export async function foreignParquet(path: string, codec: string): Promise<string> {
  const { DuckDBInstance } = await loadDuckDb();
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT range AS seed, range / 7 AS alpha, 'model ' || range % 5 AS model, ` +
      `CASE WHEN range % 3 = 0 THEN 'naïve ' || range END AS note FROM range(50)) ` +
      `TO '${path}' (FORMAT parquet, COMPRESSION ${codec})`,
  );
  connection.closeSync();
  instance.closeSync();
  return path;
}

/** The part of `apache-arrow` that makes a file. */
interface ArrowTables {
  readonly Table: new (columns: Record<string, object>) => object;
  readonly Int32: new () => object;
  readonly Float64: new () => object;
  vectorFromArray(values: readonly unknown[], type?: object): object;
  tableToIPC(table: object, form: "file"): Uint8Array;
}

/** Writes an Arrow file with a dictionary, which stet does not write; returns its path. */
export async function foreignArrow(path: string): Promise<string> {
  const arrow = await loadArrow() as unknown as ArrowTables;
  const models = Array.from({ length: 50 }, (_, i) => i % 7 === 0 ? null : `naïve ${i % 5}`);
  const table = new arrow.Table({
    seed: arrow.vectorFromArray(models.map((_, i) => i), new arrow.Int32()),
    model: arrow.vectorFromArray(models),
    alpha: arrow.vectorFromArray(models.map((_, i) => i / 7), new arrow.Float64()),
  });
  fs.writeFileSync(path, arrow.tableToIPC(table, "file"));
  return path;
}
