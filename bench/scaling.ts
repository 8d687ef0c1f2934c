/**
 * Measures the figures of docs/scaling.md on a PostgreSQL server of its own, which calls fsync, and prints them.
 *
 *     node bench/scaling.ts --rows=1000000
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { engineOf } from "../core/contract/adapted_backend.ts";
import type { Engine } from "../core/contract/engine.ts";
import { keyOf, keyShape } from "../core/keys/key.ts";
import { shardItems } from "../core/sweeps/shard.ts";
import { expandGrid, openBackend, range } from "../mod.ts";
import { asOwner } from "../tests/postgres/programs.ts";
import { type PostgresServer, startServer } from "../tests/postgres/server.ts";
import type { Sql } from "../tests/postgres/sql.ts";
import { runChild } from "./child.ts";
import { processorTime } from "./measure.ts";
import { claimAndRecord } from "./postgres_load.ts";
import { paramsAt, timestamp } from "./sample_rows.ts";

/** Number of keys that are claimed, or looked up, at a time of the measurement. */
const KEYS = 20_000;
/** Number of owners whose leases are renewed. */
const OWNERS = 10_000;
/** Number of connections whose memory is measured. */
const CONNECTIONS = 20;

const { values } = parseArgs({ options: { rows: { type: "string", default: "1000000" } } });
const rows = Number(values.rows);
const shape = keyShape(["alpha", "seed", "model"]);

function print(what: string, value: number, unit: string): void {
  const digits = value < 10 ? 2 : 0;
  console.log(`${what}: ${value.toLocaleString("en", { maximumFractionDigits: digits })} ${unit}`);
}

async function numberOf(sql: Sql, query: string): Promise<number> {
  const [row] = await sql.query(query);
  return Number(Object.values(row!)[0]);
}

function* sampleRows(): Generator<Record<string, string | number>> {
  for (let i = 0; i < rows; i++) {
    yield {
      ...paramsAt(i),
      "result.loss": i / 7,
      _stet_elapsed: 0.25,
      _stet_source: "deno:3f9a1c0b22",
      _stet_timestamp: timestamp,
    };
  }
}

/** Bytes of a row, of its keys in the indexes, and of a claim. */
async function measureSizes(sql: Sql, engine: Engine): Promise<void> {
  await engine.recordAll(sampleRows());
  await engine.sourceOf(keyOf(shape, paramsAt(0))); // makes the index
  await sql.query("VACUUM ANALYZE");
  await sql.query("CHECKPOINT");
  const sizes = await sql.query(
    `SELECT c.relname AS name, pg_relation_size(c.oid) AS size FROM pg_class c
     WHERE c.relname IN ('runs', 'runs_pkey') OR c.relname LIKE 'stet\\_key\\_%' ORDER BY 1`,
  );
  for (const { name, size } of sizes) {
    print(`bytes a row, ${String(name).replace(/_[0-9a-f]{16}$/, "_…")}`, Number(size) / rows, "B");
  }
}

async function measureClaims(sql: Sql, engine: Engine): Promise<void> {
  const claims = await Promise.all(Array.from({ length: KEYS }, async (_, i) => {
    const answer = await engine.claim(keyOf(shape, paramsAt(rows + i)));
    if (answer.state !== "claimed") throw new Error(`Cannot measure: a key is ${answer.state}`);
    return answer.claim;
  }));
  const bytes = await numberOf(sql, "SELECT pg_total_relation_size('stet_claims')");
  print("bytes of a claim, with its index", bytes / KEYS, "B");
  await Promise.all(claims.map((claim) => claim.release()));
  const speeds: number[] = [];
  for (let trial = 0; trial < 3; trial++) {
    speeds.push(await claimAndRecord(engine, rows + (trial + 1) * KEYS, KEYS));
  }
  print("claim + record, 256 in flight", Math.max(...speeds), "keys/s");
}

async function measureLooks(engine: Engine): Promise<void> {
  const start = performance.now();
  await Promise.all(
    Array.from({ length: KEYS }, (_, i) => engine.hasKey(keyOf(shape, paramsAt(i * 13 % rows)))),
  );
  print("looks, 1,000 in a statement", KEYS / (performance.now() - start) * 1000, "keys/s");
}

/** A grid of which a worker takes a thousandth, and one whose keys it makes. */
function measureWalk(): void {
  const grid = expandGrid({ alpha: range(0, 99), seed: range(0, 9_999) });
  let start = processorTime();
  let count = 0;
  for (const _ of shardItems(grid, { index: 3, count: 1000 }) as Iterable<unknown>) count++;
  print(
    "walk past the keys of others, --shard 3/1000",
    (processorTime() - start) * 1000 / 1e6,
    "µs a key",
  );
  const keys = keyShape(["alpha", "seed"]);
  start = processorTime();
  for (const item of grid) count += keyOf(keys, item as Record<string, unknown>).text.length;
  print("walk that makes each key", (processorTime() - start) * 1000 / 1e6, "µs a key");
}

/** Renewals of leases, each a transaction of its own. */
async function measureRenewals(server: PostgresServer, sql: Sql): Promise<void> {
  await sql.query(
    `INSERT INTO stet_owners SELECT n, 'process 1 on host', now(), '30 s' FROM generate_series(1, ${OWNERS}) n`,
  );
  const file = join(server.folder, "renew.sql");
  writeFileSync(
    file,
    `\\set n random(1, ${OWNERS})
UPDATE stet_owners SET until = clock_timestamp() + lease WHERE id = :n RETURNING id;\n`,
  );
  const [command, ...args] = asOwner("pgbench", [
    ...["-n", "-c", "16", "-T", "5", "-f", file, "-h", "127.0.0.1", "-p", `${server.port}`],
    ...["-U", "stet", "stet"],
  ]);
  const output = execFileSync(command, args, { encoding: "utf8" });
  print("renewals, 16 connections", Number(/tps = ([\d.]+)/.exec(output)![1]), "/s");
  await sql.query(`DELETE FROM stet_owners WHERE id <= ${OWNERS}`);
}

/** Memory of a connection that has looked up a key and is idle: what no other process shares. */
async function measureConnections(server: PostgresServer): Promise<void> {
  const all = await Promise.all(Array.from({ length: CONNECTIONS }, () => server.connect()));
  let bytes = 0;
  for (const sql of all) {
    await sql.query("SELECT * FROM runs LIMIT 10");
    const pid = await numberOf(sql, "SELECT pg_backend_pid()");
    const memory = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    bytes += Number(/^Pss:\s+(\d+)/m.exec(memory)![1]) * 1024;
  }
  for (const sql of all) await sql.close();
  print("memory of an idle connection in the server", bytes / CONNECTIONS / 2 ** 20, "MB");
}

const server = await startServer({ isDurable: true });
const sql = await server.connect();
try {
  const store = server.url({ params: { table: "runs" } });
  const engine = engineOf(await openBackend(store));
  measureWalk();
  await measureSizes(sql, engine);
  await measureLooks(engine);
  await measureClaims(sql, engine);
  await measureRenewals(server, sql);
  await measureConnections(server);
  await engine.close();
  const { stet } = JSON.parse(runChild(["sweep_loop.ts", store, String(rows)]).output);
  print("a sweep of keys that are done", stet * 1e6 / rows, "µs a key");
} finally {
  await sql.close();
  await server.end();
}
print("took", performance.now() / 1000, "s");
