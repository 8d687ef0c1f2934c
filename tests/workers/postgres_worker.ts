/**
 * Sweeps a store in Postgres together with others, until all keys are done, whatever breaks in between:
 * `postgres_worker.ts '{"store": …}'` ({@link PostgresWork}). Its function notes each execution in a table,
 * by a connection of its own.
 *
 * @module
 */

import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { expandGrid, once, range, sweep } from "../../mod.ts";
import { connectSql, type Sql } from "../postgres/sql.ts";

/** The work of a process. */
export interface PostgresWork {
  /** URL of the store. */
  readonly store: string;
  /** URL of the database of the tables `executions` and `workers`. */
  readonly notes: string;
  /** Name of the process in those tables. */
  readonly owner: string;
  /** Number of keys. */
  readonly keys: number;
  /** Mean duration of a run, in milliseconds. */
  readonly runMs: number;
  /** Number of runs at a time. */
  readonly concurrency: number;
  /** Number of processes that begin together, however long a start takes. Default: 1. */
  readonly party?: number;
  /** The execution after which the process kills itself, before its record. Default: none. */
  readonly diesAfter?: number;
  /** The execution in which it blocks its event loop, and for how long. Default: none. */
  readonly blocks?: { readonly execution: number; readonly ms: number };
}

const work: PostgresWork = JSON.parse(process.argv[2]!);
const { store, notes, owner, keys, runMs, concurrency } = work;

let sql: Promise<Sql> | undefined;

/** Runs a statement that may run twice, on a new connection if the server was restarted. */
async function note(text: string, values: readonly unknown[]): Promise<void> {
  for (;;) {
    sql ??= connectSql(notes);
    try {
      await (await sql).query(text, values);
      return;
    } catch {
      sql = undefined;
      await sleep(50);
    }
  }
}

let executions = 0;

const square = once(async ({ n }: { n: number }): Promise<number> => {
  const id = ++executions;
  await note("INSERT INTO executions (id, n, owner) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", [
    `${owner}:${id}`,
    n,
    owner,
  ]);
  if (id === work.blocks?.execution) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, work.blocks.ms);
  }
  await sleep(runMs * (0.5 + Math.random()));
  if (id === work.diesAfter) process.kill(process.pid, "SIGKILL");
  return n * n;
}, { store, save: true, quiet: true });

await note("INSERT INTO workers VALUES ($1, $2) ON CONFLICT DO NOTHING", [owner, process.pid]);
for (let begun = 0; begun < (work.party ?? 1); await sleep(20)) {
  const [row] = await (await sql!).query("SELECT count(*)::int AS begun FROM workers");
  begun = row!["begun"] as number;
}
for (;;) {
  try {
    const { failed } = await sweep(square, expandGrid({ n: range(0, keys - 1) }), {
      concurrency,
      handleSignals: false,
    }).done;
    if (failed === 0) break;
    console.error(`${owner}: ${failed} failed`);
  } catch (error) {
    console.error(`${owner}: ${error}`);
  }
  await sleep(200);
}
await square.close();
await (await sql)?.close();
