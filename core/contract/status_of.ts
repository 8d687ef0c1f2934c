import { engineOf } from "./adapted_backend.ts";
import type { Backend } from "./backend.ts";
import { keyParams } from "../keys/key.ts";
import { yielding } from "../runtime/yield_timer.ts";
import { isReserved, TIMESTAMP } from "../values/columns.ts";
import { areRecords, isParamColumn } from "../values/record_names.ts";
import { inOrder } from "../keys/in_order.ts";
import type { Row } from "../values/value.ts";

/** Status of a store. */
export interface Status {
  /** Its path or URL. */
  readonly store: string;
  /** Number of rows: runs that are done. */
  readonly count: number;
  /** Time of the last record, ISO 8601 in UTC; `undefined` if no row has one. */
  readonly lastRun: string | undefined;
  /** The columns of params, in the order of the store. */
  readonly keyColumns: readonly string[];
  /** The columns of saved results. */
  readonly resultColumns: readonly string[];
  /** Number of keys that failed and have not succeeded since. */
  readonly failed: number;
  /** Runs under way. */
  readonly running: readonly RunningStatus[];
  /** The combinations that sweeps were asked for; absent if none is known. */
  readonly planned?: PlannedStatus;
}

/** A run under way. */
export interface RunningStatus {
  /** The key's columns. */
  readonly params: Row;
  /** Name of the process or client that runs it. */
  readonly holder: string;
  /** Time of its begin, ISO 8601 in UTC; undefined if it is not known. */
  readonly since: string | undefined;
}

/** The combinations that the newest sweep of each namespace was asked for. */
export interface PlannedStatus {
  /** Number of combinations. */
  readonly count: number;
  /** Number of combinations that have a row; undefined if the plan is too large to tell which belong to it. */
  readonly done: number | undefined;
  /** The shards of the newest sweep, and those of them that are done; absent if it has none. */
  readonly shards?: { readonly count: number; readonly done: number };
  /** The command of the newest sweep of all of them, without secrets. */
  readonly command: string;
}

/** Number of rows, and the largest text of a column. */
type Newest = Pick<Status, "count" | "lastRun">;

/**
 * Returns the status of an open store.
 *
 * @param newest Finds the newest row by the column of its time. Default: reads all rows.
 */
export async function statusOf(
  backend: Backend,
  newest: (column: string) => Promise<Newest> = (column) => newestIn(backend, column),
): Promise<Status> {
  const engine = engineOf(backend);
  const names = await engine.columns();
  const isRecords = areRecords(names);
  const timestamp = names.includes(TIMESTAMP) || !isRecords ? TIMESTAMP : "created_at";
  const found = await newest(timestamp);
  return {
    store: engine.location,
    ...found,
    // Those of rows that are no more say nothing of what will be recorded.
    keyColumns: found.count === 0
      ? []
      : names.filter((name) => isRecords ? isParamColumn(name) : !isReserved(name)),
    resultColumns: names.filter((name) => isReserved(name) && !name.startsWith("_stet_")),
    failed: (await engine.failures()).length,
    running: (await engine.held()).map(({ key, holder, since }) => ({
      params: inOrder(keyParams(key), names),
      holder,
      since,
    })),
  };
}

async function newestIn(backend: Backend, column: string): Promise<Newest> {
  let count = 0;
  let lastRun: string | undefined;
  const rows = engineOf(backend).rows({ columns: [column] });
  for await (const row of yielding(rows)) {
    count++;
    const time = row[column];
    if (typeof time === "string" && (lastRun === undefined || time > lastRun)) lastRun = time;
  }
  return { count, lastRun };
}
