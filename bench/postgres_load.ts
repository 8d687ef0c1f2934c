import type { Engine } from "../core/contract/engine.ts";
import { keyOf, keyShape } from "../core/keys/key.ts";
import type { Sql } from "../tests/postgres/sql.ts";
import { paramsAt, timestamp } from "./sample_rows.ts";

/** Number of keys under way at a time, and of rows in a raw batch. */
export const IN_FLIGHT = 256;

const shape = keyShape(["alpha", "seed", "model"]);
const measured = { _stet_elapsed: 0.25, _stet_source: "deno:3f9a1c0b22" };

/** Claims and records keys, many at a time; returns keys for each second. */
export async function claimAndRecord(engine: Engine, from: number, count: number): Promise<number> {
  const start = performance.now();
  let next = from;
  await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
    while (next < from + count) {
      const params = paramsAt(next++);
      const answer = await engine.claim(keyOf(shape, params));
      if (answer.state !== "claimed") throw new Error(`Cannot measure: a key is ${answer.state}`);
      await answer.claim.record({ ...params, ...measured });
    }
  }));
  return count / (performance.now() - start) * 1000;
}

/** Makes a table for the rows of `insertRaw`, with the columns of a store and no key. */
export async function makeRawTable(sql: Sql): Promise<void> {
  await sql.query(
    `CREATE TABLE raw (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, alpha double precision,
      seed bigint, model text, elapsed double precision, source text, at text)`,
  );
}

/** Inserts the same rows in batches, one after the other; returns rows for each second. */
export async function insertRaw(sql: Sql, from: number, count: number): Promise<number> {
  const start = performance.now();
  for (let at = from; at < from + count; at += IN_FLIGHT) {
    const rows = Array.from(
      { length: Math.min(IN_FLIGHT, from + count - at) },
      (_, i) => paramsAt(at + i),
    );
    await sql.query(
      `INSERT INTO raw (alpha, seed, model, elapsed, source, at) SELECT * FROM unnest(
        $1::double precision[], $2::bigint[], $3::text[], $4::double precision[], $5::text[], $6::text[])`,
      [
        rows.map(({ alpha }) => alpha),
        rows.map(({ seed }) => seed),
        rows.map(({ model }) => model),
        rows.map(() => measured._stet_elapsed),
        rows.map(() => measured._stet_source),
        rows.map(() => timestamp),
      ],
    );
  }
  return count / (performance.now() - start) * 1000;
}
