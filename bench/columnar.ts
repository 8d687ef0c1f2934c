import fs from "node:fs";
import path from "node:path";
import { engineOf } from "../core/contract/adapted_backend.ts";
import { keyOf, keyShape } from "../core/keys/key.ts";
import { openBackend } from "../mod.ts";
import { loadDuckDb } from "../duckdb/duckdb.ts";
import type { Group } from "./group.ts";
import { compare, type Measurement, millisecondsOf } from "./measure.ts";
import { paramsAt, someParams } from "./sample_rows.ts";

/** Time of row `i`: all times differ, as in a sweep. */
function timeAt(i: number): string {
  return new Date(Date.UTC(2026, 10, 21) + 37 * i).toISOString();
}

/** Stores that are columnar files: filled by single records, and looked at. */
export const columnar: Group = {
  name: "columnar",
  sizes: [100_000],
  formats: [".csv"], // those that it measures are named in its lines
  async measure(rows, { folder, sampling }): Promise<Measurement[]> {
    const all: Measurement[] = [];
    for (const extension of [".parquet", ".arrow", ".arrows"]) {
      const store = path.join(folder, `columnar${extension}`);
      const filled = await millisecondsOf(async () => {
        const backend = await openBackend(store, { durability: "process" });
        for (let i = 0; i < rows; i++) {
          await backend.record({ ...paramsAt(i), _stet_timestamp: timeAt(i) });
        }
        await backend.close();
      });
      all.push({
        what: `${extension}: record, amortised, merges and close in it`,
        rows,
        unit: "µs",
        stet: filled * 1000 / rows,
        target: { of: "value", is: "≤", limit: 30 },
      });
      const backend = engineOf(await openBackend(store));
      const shape = keyShape(["alpha", "seed", "model"]);
      const some = someParams(rows, 10_000);
      const indexed = await millisecondsOf(() => backend.hasKey(keyOf(shape, some[0]!)));
      let next = 0;
      const { look } = await compare({
        look(times): void {
          for (let n = 0; n < times; n++) backend.hasKey(keyOf(shape, some[next++ % some.length]!));
        },
      }, sampling);
      all.push(
        { what: `${extension}: first look`, rows, unit: "ms", stet: indexed },
        {
          what: `${extension}: look, hit`,
          rows,
          unit: "µs",
          stet: look,
          target: { of: "value", is: "≤", limit: 2 },
        },
      );
      await backend.close();
      if (extension === ".parquet") all.push(await size(store, rows));
      fs.rmSync(store);
    }
    return all;
  },
};

/** The size of a Parquet store, and of the file that DuckDB makes of the same columns. */
async function size(store: string, rows: number): Promise<Measurement> {
  const csv = `${store}.csv`, copy = `${store}.copy`;
  const lines = Array.from({ length: rows }, (_, i) => {
    const { alpha, seed, model } = paramsAt(i);
    return `${alpha},${seed},${model},${timeAt(i)}\n`;
  });
  fs.writeFileSync(csv, lines.join(""));
  const { DuckDBInstance } = await loadDuckDb();
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT * FROM read_csv('${csv}', header=false, columns={alpha: 'DOUBLE', seed: 'BIGINT',
       model: 'VARCHAR', _stet_timestamp: 'VARCHAR'})) TO '${copy}' (FORMAT parquet)`,
  );
  connection.closeSync();
  instance.closeSync();
  const sizeOf = (file: string): number => fs.statSync(file).size / 1e6;
  const raw = { what: "DuckDB's COPY", value: sizeOf(copy) };
  const measurement: Measurement = {
    what: ".parquet: size of the file",
    rows,
    unit: "MB",
    stet: sizeOf(store),
    raw,
    target: { of: "ratio", is: "≤", limit: 1.3 },
  };
  fs.rmSync(csv);
  fs.rmSync(copy);
  return measurement;
}
