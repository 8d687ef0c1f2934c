import { openBackend } from "../mod.ts";
import { engineOf } from "../core/contract/adapted_backend.ts";
import type { Engine } from "../core/contract/engine.ts";
import { keyOf, keyShape } from "../core/keys/key.ts";
import { postgresSkip, runAsOwner } from "../tests/postgres/programs.ts";
import { type PostgresServer, startServer } from "../tests/postgres/server.ts";
import { lineOf, runChild, startChild } from "./child.ts";
import type { Group } from "./group.ts";
import { type Measurement, median, millisecondsOf } from "./measure.ts";
import { claimAndRecord, IN_FLIGHT, insertRaw, makeRawTable } from "./postgres_load.ts";
import { paramsAt, timestamp } from "./sample_rows.ts";

/** Number of rows of the store that a large one is compared with. */
const SMALL = 10_000;
/** Delay of the network in each direction, in milliseconds. */
const DELAY_MS = 1;

/** A store in a PostgreSQL server of its own, which calls fsync. */
export const postgres: Group = {
  name: "postgres",
  kind: "postgresql:",
  sizes: [SMALL, 1_000_000],
  formats: [".csv"],
  async measure(rows, { isQuick }): Promise<Measurement[]> {
    if (postgresSkip) {
      console.error(`Cannot measure a store in Postgres: ${postgresSkip}`);
      return [];
    }
    const server = await startServer({ isDurable: true });
    try {
      const runs = await filledStore(server, "runs", rows);
      const measurements = await recording(server, runs, rows, isQuick ? 2_000 : 10_000);
      await runs.close();
      return [
        ...measurements,
        ...rows === SMALL ? [await lookingAhead(server, rows)] : [],
        ...await resuming(server, rows, isQuick ? 1 : 5),
      ];
    } finally {
      await server.end();
    }
  },
};

/** Returns an open store with so many rows. */
async function filledStore(server: PostgresServer, table: string, rows: number): Promise<Engine> {
  const engine = engineOf(await openBackend(server.url({ params: { table } })));
  await engine.recordAll(sampleRows(rows));
  await engine.sourceOf(keyOf(keyShape(["alpha", "seed", "model"]), paramsAt(0))); // makes the index
  const sql = await server.connect();
  await sql.query("VACUUM ANALYZE"); // as a server does by itself, some time later
  await sql.query("CHECKPOINT");
  await sql.close();
  return engine;
}

function* sampleRows(rows: number): Generator<Record<string, string | number>> {
  for (let i = 0; i < rows; i++) yield { ...paramsAt(i), _stet_timestamp: timestamp };
}

/** Claims and records against a raw insert; of a large store also against a small one. */
async function recording(
  server: PostgresServer,
  runs: Engine,
  rows: number,
  count: number,
): Promise<Measurement[]> {
  const small = rows === SMALL ? undefined : await filledStore(server, "small", SMALL);
  const sql = await server.connect();
  await makeRawTable(sql);
  const taken = { stet: [] as number[], raw: [] as number[], small: [] as number[] };
  for (let trial = 0; trial <= 7; trial++) { // the first warms up
    const from = rows + trial * count;
    const stet = await claimAndRecord(runs, from, count);
    const raw = await insertRaw(sql, from, count);
    const ofSmall = small && await claimAndRecord(small, from, count);
    if (trial === 0) continue;
    taken.stet.push(stet);
    taken.raw.push(raw);
    if (ofSmall !== undefined) taken.small.push(ofSmall);
  }
  await sql.close();
  await small?.close();
  const of = { rows, unit: "/s", stet: median(taken.stet) } as const;
  const measurements: Measurement[] = [{
    ...of,
    what: `postgres: claim + record, ${IN_FLIGHT} in flight`,
    raw: { what: `INSERT of ${IN_FLIGHT} rows at a time`, value: median(taken.raw) },
    target: { of: "ratio", is: "≥", limit: 0.35 },
  }];
  if (small) {
    measurements.push({
      ...of,
      what: `postgres: the same against ${SMALL.toLocaleString("en")} rows`,
      raw: { what: "stet on the small store", value: median(taken.small) },
      target: { of: "ratio", is: "≥", limit: 0.8 },
    });
  }
  return measurements;
}

/** A finished sweep over a slow network, against one look at a time. */
async function lookingAhead(server: PostgresServer, rows: number): Promise<Measurement> {
  const proxy = startChild(["proxy_process.ts", String(server.port), String(DELAY_MS)]);
  const port = Number(await lineOf(proxy));
  const store = server.url({ port, params: { table: "runs" } });
  const taken = { stet: [] as number[], raw: [] as number[] };
  for (let trial = 0; trial < 5; trial++) {
    const { stet, single } = JSON.parse(
      runChild(["postgres_looks.ts", store, String(rows), "500"]).output,
    );
    taken.stet.push(stet);
    taken.raw.push(single);
  }
  proxy.stdin!.end();
  return {
    what: `postgres: keys of a finished sweep at ${DELAY_MS} ms of delay`,
    rows,
    unit: "/s",
    stet: median(taken.stet),
    raw: { what: "one call of once after the other", value: median(taken.raw) },
    target: { of: "ratio", is: "≥", limit: 30 },
  };
}

/** A finished sweep, against the keys as text. */
async function resuming(
  server: PostgresServer,
  rows: number,
  trials: number,
): Promise<Measurement[]> {
  const store = server.url({ params: { table: "runs" } });
  const taken = { stet: [] as number[], raw: [] as number[], peak: [] as number[] };
  const copy = "COPY (SELECT alpha, seed, model FROM runs) TO STDOUT";
  for (let trial = 0; trial < trials; trial++) {
    const { stet, peak } = JSON.parse(runChild(["sweep_loop.ts", store, String(rows)]).output);
    taken.stet.push(stet);
    taken.peak.push(peak);
    const ms = await millisecondsOf(() => runAsOwner("psql", ["-q", "-c", copy, server.url()]));
    taken.raw.push(ms / 1000);
  }
  return [{
    what: "postgres: all done before",
    rows,
    unit: "s",
    stet: median(taken.stet),
    raw: { what: "COPY of the keys by psql", value: median(taken.raw) },
    target: { of: "ratio", is: "≤", limit: 5 },
  }, {
    what: "postgres: peak memory of that sweep",
    rows,
    unit: "MB",
    stet: median(taken.peak),
  }];
}
