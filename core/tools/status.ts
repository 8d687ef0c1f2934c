import type { Backend } from "../contract/backend.ts";
import { closeAfter } from "../runtime/close_after.ts";
import { isReserved, TIMESTAMP } from "../values/columns.ts";
import { completeBackend } from "../contract/complete_backend.ts";
import { openKnown } from "../contract/open_known.ts";
import { DEFAULT_STORE } from "../runs/open_stores.ts";
import { areRecords, isParamColumn } from "../records/record_columns.ts";
import type { Registry, StoreOptions } from "../contract/registry.ts";
import { yielding } from "../runtime/yield_timer.ts";

/** What is in a store. */
export interface Status {
  /** Its path or URL. */
  readonly store: string;
  /** How many rows it has: runs that are done. */
  readonly count: number;
  /** When the last one was recorded, ISO 8601 in UTC; `undefined` if no row tells. */
  readonly lastRun: string | undefined;
  /** The columns of params, in the order of the store. */
  readonly keyColumns: readonly string[];
  /** The columns of saved results. */
  readonly resultColumns: readonly string[];
  /** How many keys failed and have not succeeded since. */
  readonly failed: number;
}

/** Options of {@linkcode status}, and of what else prints. */
export interface PrintOptions extends Pick<StoreOptions, "backends"> {
  /** Whether to print nothing and only return. Default: false. */
  readonly quiet?: boolean;
  /** Where lines go. Default: `console.log`. */
  readonly log?: (line: string) => void;
}

/** The type of {@linkcode status}. */
export type StatusFunction = (store?: string | URL, options?: PrintOptions) => Promise<Status>;

/** How many rows there are, and the largest text of a column. */
export interface Newest {
  readonly count: number;
  readonly lastRun: string | undefined;
}

/**
 * What is in an open store.
 *
 * @param newest What finds the newest row by the column that says when it was recorded. Default: by
 * reading all rows.
 */
export async function statusOf(
  backend: Backend,
  newest: (column: string) => Promise<Newest> = (column) => newestIn(backend, column),
): Promise<Status> {
  const { location, columns, failures } = completeBackend(backend);
  const names = await columns();
  const isRecords = areRecords(names);
  const timestamp = names.includes(TIMESTAMP) || !isRecords ? TIMESTAMP : "created_at";
  const found = await newest(timestamp);
  return {
    store: location,
    ...found,
    // Those of rows that are no more say nothing of what will be recorded.
    keyColumns: found.count === 0
      ? []
      : names.filter((name) => isRecords ? isParamColumn(name) : !isReserved(name)),
    resultColumns: names.filter((name) => isReserved(name) && !name.startsWith("_stet_")),
    failed: (await failures()).length,
  };
}

async function newestIn(backend: Backend, column: string): Promise<Newest> {
  let count = 0;
  let lastRun: string | undefined;
  const rows = completeBackend(backend).rows({ columns: [column] });
  for await (const row of yielding(rows)) {
    count++;
    const time = row[column];
    if (typeof time === "string" && (lastRun === undefined || time > lastRun)) lastRun = time;
  }
  return { count, lastRun };
}

/** `status` over the kinds of store that a registry knows. */
export function createStatus(registry: Registry): StatusFunction {
  return async (store = DEFAULT_STORE, { quiet, log = console.log, ...options } = {}) => {
    const backend = await openKnown(registry, store, options);
    return await closeAfter(async () => {
      const status = { ...await statusOf(backend), store: String(store) };
      if (!quiet) { for (const line of statusLines(status)) log(line); }
      return status;
    }, () => backend.close());
  };
}

function statusLines({ store, count, lastRun, keyColumns, failed }: Status): string[] {
  const lines = [`[stet] Store: ${store}`, `[stet] ${count} completed experiments recorded`];
  if (lastRun !== undefined) lines.push(`[stet] Last run: ${lastRun}`);
  if (keyColumns.length > 0) lines.push(`[stet] Key columns: ${keyColumns.join(", ")}`);
  if (failed > 0) lines.push(`[stet] ${failed} failed and not yet run again`);
  return lines;
}
