/** The library over the kinds of store of `backends/table.ts`. `mod.ts` lists what is public. */

import { table } from "./backends/table.ts";
import type { Backend, BackendLoader } from "./core/contract/backend.ts";
import type { Finding } from "./core/contract/engine.ts";
import { createExplain, type ExplainFunction } from "./core/tools/explain.ts";
import { createLs, type LsFunction } from "./core/tools/ls.ts";
import { createOnce } from "./core/runs/once.ts";
import type { Once, OnceFunction } from "./core/runs/once_types.ts";
import { DEFAULT_STORE, Registry, type StoreOptions } from "./core/contract/registry.ts";
import { createReset, type ResetFunction } from "./core/tools/reset.ts";
import { createShownStatus } from "./core/tools/shown_status.ts";
import { addFigures } from "./core/display/add_figures.ts";
import { withStore } from "./core/contract/open_existing.ts";
import { targetOf } from "./core/runs/target.ts";
import type { Status } from "./core/contract/status_of.ts";
import type { PrintOptions, StatusFunction } from "./core/tools/status.ts";
import type { Report, ReportOptions } from "./figures/report/report.ts";
import { Store as RecordStore } from "./core/records/store.ts";
import type { Columns, StoreInit, StoreParams, StoreRecord } from "./core/records/store_types.ts";
import type { ExportOptions } from "./core/tools/export_store.ts";
import type { ImportCounts, ImportOptions } from "./core/tools/import_store.ts";
import type { MergeCounts, MergeOptions } from "./core/tools/merge_stores.ts";
import type { VerifyStoreOptions } from "./core/tools/verify_store.ts";
import type { QueryOptions } from "./query/query.ts";
import type { QueryResult } from "./query/query_result.ts";
import { sweep as sweepTarget } from "./core/sweeps/sweep.ts";
import type { Sweep, SweepOptions, SweepParams } from "./core/sweeps/sweep_types.ts";

const registry = new Registry(table);

/**
 * A function that runs every combination of its params once: later calls with the same key are
 * skipped, in this process and in every other that uses the store, now and after a restart.
 *
 * Call it with a function (and options), with options first, or as a decorator on methods. The
 * wrapped function always returns a promise: of the function's result if it ran, of the saved result if
 * it was skipped and `save` is on, else of `undefined`. It rejects with the function's error (the run
 * then counts as not done), with a {@linkcode StoreError} if the store cannot be used,
 * and with a `TypeError` if the arguments make no key. When it resolves, the run is recorded as
 * durably as `durability` says.
 *
 * The params are the function's named arguments, read from its source: the fields of the first
 * argument if it is an object, else the arguments by position. `key` names the params that make up the
 * key; default: all. Values that the function captures, and `this`, are not in the key: functions of one
 * source that differ in them share their rows, after a warning. A row that another source made, such as
 * the function before it was edited, answers after a warning too, unless `onChange` says otherwise.
 *
 * The store is opened by the first call and closed as the process ends, or by `close` of its functions.
 * A program that never ends by itself (a test runner, a notebook, a server) calls that.
 *
 * @throws {TypeError} If the params cannot be named, or `key` has a name that the function has not.
 * @throws {StoreError} If no kind of store has the extension of `store`.
 *
 * @example A function with a params object
 * ```ts
 * import { once } from "@stet/stet";
 * import assert from "node:assert/strict";
 * import fs from "node:fs";
 *
 * let runs = 0;
 * const train = once(({ alpha, seed }: { alpha: number; seed: number }) => {
 *   runs++;
 *   return { loss: alpha * seed };
 * }, { store: "example_train.csv", save: true, quiet: true });
 *
 * assert.deepEqual(await train({ alpha: 0.5, seed: 2 }), { loss: 1 });
 * assert.deepEqual(await train({ alpha: 0.5, seed: 2 }), { loss: 1 });
 * assert.equal(runs, 1);
 * await train.close(); // or `await using train = once(…)`
 * fs.unlinkSync("example_train.csv");
 * ```
 *
 * @example Positional arguments, and a client that is no param
 * ```ts
 * import { once } from "@stet/stet";
 * import { MemoryBackend } from "@stet/stet/backends";
 * import assert from "node:assert/strict";
 *
 * const ask = once(
 *   (model: string, seed: number, client: { ask(model: string): string }) => client.ask(model),
 *   { store: new MemoryBackend(), key: ["model", "seed"], quiet: true },
 * );
 * const client = { ask: (model: string) => `I am ${model}` };
 * assert.equal(await ask("a", 1, client), "I am a");
 * assert.equal((await ask.outcome("a", 1, client)).status, "skipped");
 * ```
 */
export const once: Once = createOnce(registry);

/** A function that `once` has wrapped, or a Store. */
export type Swept = OnceFunction<never[], unknown> | Pick<Store<never>, "close" | "ingest">;

/** One item of the params that a function or a Store is swept with. */
export type SweptParams<S> = S extends Store<infer C> ? StoreParams<C>
  : S extends OnceFunction<infer A, infer _> ? SweepParams<A>
  : never;

/** The value of an outcome: the function's result, or the Store's record. */
export type SweptValue<S> = S extends Store<infer C> ? StoreRecord<C>
  : S extends OnceFunction<infer _, infer R> ? R
  : never;

/** The type of {@linkcode sweep}. One signature: of overloads, a compiler's message is about the last. */
export type SweepFunction = <S extends Swept>(
  swept: S,
  params: Iterable<SweptParams<S>> | AsyncIterable<SweptParams<S>>,
  options?: SweepOptions,
) => Sweep<SweptValue<S>>;

/**
 * Runs every combination of params that is not done: many at once if asked, in this thread, in worker
 * processes or as commands, sharing them with every other process that sweeps the same store.
 *
 * Params are any iterable, read once and lazily; duplicates are dropped. The result is an
 * async iterable of outcomes in order of completion, and awaited it resolves to counts. A sweep ends
 * when every run is done or failed, runs of other processes too: it waits for them, and takes over the
 * runs of processes that die. Ctrl-C finishes and records the runs under way, and prints how to resume.
 *
 * @param swept A function that `once` has wrapped, or a Store.
 * @param params For each run its params by name, or an array of the function's arguments; for a function of one
 * argument, that argument.
 * @throws {TypeError | RangeError} If an argument makes no sense.
 *
 * @example
 * ```ts
 * import { expandGrid, once, range, sweep } from "@stet/stet";
 * import { MemoryBackend } from "@stet/stet/backends";
 * import assert from "node:assert/strict";
 *
 * const train = once(
 *   async ({ alpha, seed }: { alpha: number; seed: number }) => ({ loss: alpha * seed }),
 *   { store: new MemoryBackend(), save: true },
 * );
 * const losses: number[] = [];
 * const grid = expandGrid({ alpha: [0.5, 1], seed: range(1, 3) });
 * for await (const outcome of sweep(train, grid, { concurrency: 4, retries: 2 })) {
 *   if (outcome.status === "ran") losses.push(outcome.value!.loss);
 * }
 * assert.equal(losses.length, 6);
 * assert.deepEqual(await sweep(train, grid), { ran: 0, skipped: 6, failed: 0 });
 * ```
 */
export const sweep: SweepFunction = ((swept, params, options) => {
  const target = targetOf(swept);
  return addFigures(sweepTarget(swept, params, options), async () => {
    const { storeFigures } = await import("./figures/report/report.ts");
    return target ? await storeFigures(target.engine) : "";
  });
}) as SweepFunction; // typed for callers

/**
 * Runs that leave result files, each done once: `runOrRetrieve(params)` gives the record of those
 * params, and has the runner make it first if there is none. A record says where the result file is;
 * its id is a hash of the params ({@linkcode hashParams}).
 *
 * Several processes may use one store: a call for params that another process runs waits for its record.
 * The runner writes to a temporary path in the results folder, which becomes the result by a rename when
 * the run succeeds: a run that throws, is killed, or writes nothing leaves no record and keeps an older
 * result. A record whose result file is gone counts as missing, with a warning. A record that was
 * stored for other params than those asked for (ids can collide) is never given: that is an error
 * which shows both.
 *
 * In SQLite, the default, the table is the one of Python's entropic, in both directions. Params of a
 * nullable column left out and given as null are two ids, as they are there.
 *
 * @throws {TypeError} If an option is unfit: a reserved column, a suffix with a path in it.
 * @throws {StoreError} If the results folder cannot be made. Other faults of the store are thrown by the
 * first call that uses it.
 *
 * @example
 * ```ts
 * import { expandGrid, Store } from "@stet/stet";
 * import assert from "node:assert/strict";
 * import fs from "node:fs";
 *
 * const store = new Store({
 *   runner: ({ n, dt, resultFile }) => fs.writeFileSync(resultFile, `${n * dt}\n`),
 *   columns: { n: "integer", dt: "real", note: "text?" },
 *   store: "sqlite:///example_sims.sqlite3",
 *   resultsDir: "./example_sims",
 *   fileSuffix: ".csv",
 * });
 *
 * const record = await store.runOrRetrieve({ n: 100, dt: 0.5 }, { git_sha: "abc123" });
 * assert.equal(fs.readFileSync(record.resultFile, "utf8"), "50\n");
 * assert.equal(record.dt, 0.5); // a number, in the editor too
 * assert.deepEqual(await store.runOrRetrieve({ n: 100, dt: 0.5 }), record); // nothing runs
 *
 * const records = await store.sweep(expandGrid({ n: [100, 200], dt: [0.5, 1] }));
 * assert.deepEqual(records.map(({ n, dt }) => n * dt), [50, 100, 100, 200]);
 * await store.close();
 * fs.rmSync("example_sims", { recursive: true });
 * fs.rmSync("example_sims.sqlite3");
 * ```
 *
 * @example Results that other machines left in a shared folder
 * ```ts
 * import { Store } from "@stet/stet";
 * import assert from "node:assert/strict";
 * import fs from "node:fs";
 *
 * const runner = ({ resultFile }: { resultFile: string }) => fs.writeFileSync(resultFile, "done");
 * const resultsDir = "./example_shared";
 *
 * const there = new Store({ runner, resultsDir, store: ":memory:", resultNotes: true });
 * await there.runOrRetrieve({ seed: 1 });
 *
 * const here = new Store({ runner, resultsDir, store: "example_index.csv" });
 * assert.deepEqual(await here.ingest(), { recorded: 1, kept: 0, left: 0 });
 * assert.equal((await here.retrieve({ seed: 1 }))?.["seed"], 1);
 * await here.close();
 * fs.rmSync("example_shared", { recursive: true });
 * fs.rmSync("example_index.csv");
 * ```
 */
export class Store<C extends Columns = Columns> extends RecordStore<C> {
  /** Makes a Store; it is opened by the first call that uses it. */
  constructor(init: StoreInit<C>) {
    super(init, registry);
  }
}

/**
 * Prints the status of a store (location, number of runs, time of the last one, key columns) and resolves
 * to it. Default store: `_stet_store.csv`.
 *
 * @throws {StoreError} If the store does not exist or cannot be read.
 *
 * @example
 * ```ts
 * import { openBackend, status } from "@stet/stet";
 * import assert from "node:assert/strict";
 * import fs from "node:fs";
 *
 * const backend = await openBackend("example_status.csv");
 * await backend.record({ alpha: 0.1, seed: 1 });
 * await backend.close();
 * const { count, keyColumns } = await status("example_status.csv", { quiet: true });
 * assert.equal(count, 1);
 * assert.deepEqual(keyColumns, ["alpha", "seed"]);
 * fs.unlinkSync("example_status.csv");
 * ```
 */
export const status: StatusFunction = async (
  store?: string | URL,
  options: PrintOptions = {},
): Promise<Status> => {
  const found = await createShownStatus(registry)(store, options);
  return addFigures(found, async () => {
    const { storeFigures } = await import("./figures/report/report.ts");
    return await withStore(registry, store ?? DEFAULT_STORE, options, storeFigures);
  });
};

/**
 * Removes the rows of a store that agree on all columns given and for which the option `where` holds, and
 * forgets such failures; resolves to the number of both. Without either it removes all rows (on a terminal it
 * asks first), and resolves to their number. Where nothing matches, it prints values that would: `1` and
 * `"1"` differ.
 *
 * @throws {StoreError} If the store cannot be read or written.
 *
 * @example
 * ```ts
 * import { openBackend, reset } from "@stet/stet";
 * import assert from "node:assert/strict";
 * import fs from "node:fs";
 *
 * const backend = await openBackend("example_reset.csv");
 * for (const seed of [1, 2, 3]) await backend.record({ alpha: 0.1, seed });
 * await backend.close();
 * assert.equal(await reset("example_reset.csv", { seed: 2 }, { quiet: true }), 1);
 * fs.unlinkSync("example_reset.csv");
 * ```
 */
export const reset: ResetFunction = createReset(registry);

/**
 * Returns the state of params in a store (done, running, failed or unknown), and the nearest rows.
 *
 * @throws {StoreError} If the store does not exist or cannot be read.
 *
 * @example
 * ```ts
 * import { explain, openBackend } from "@stet/stet";
 * import assert from "node:assert/strict";
 * import fs from "node:fs";
 *
 * const backend = await openBackend("example_explain.csv");
 * await backend.record({ alpha: 0.1, seed: 4 });
 * await backend.close();
 * const { state, nearest } = await explain("example_explain.csv", { alpha: 0.1, seed: 3 });
 * assert.equal(state, "unknown");
 * assert.deepEqual(nearest[0]?.differences, [{ column: "seed", asked: 3, stored: 4 }]);
 * fs.unlinkSync("example_explain.csv");
 * ```
 */
export const explain: ExplainFunction = createExplain(registry);

/**
 * Prints the newest rows of a store as a table and resolves to them.
 *
 * @throws {StoreError} If the store does not exist or cannot be read.
 *
 * @example
 * ```ts
 * import { ls, openBackend } from "@stet/stet";
 * import assert from "node:assert/strict";
 * import fs from "node:fs";
 *
 * const backend = await openBackend("example_ls.csv");
 * for (const seed of [1, 2, 3]) await backend.record({ alpha: 0.1, seed });
 * await backend.close();
 * const rows = await ls("example_ls.csv", { limit: 2, quiet: true });
 * assert.deepEqual(rows.map((row) => row.seed), [2, 3]);
 * fs.unlinkSync("example_ls.csv");
 * ```
 */
export const ls: LsFunction = createLs(registry);

/**
 * Reads a store and returns its figures as one file to send: best configurations by mean over seeds, how much
 * each param matters, effects, a heat map, failures. Notebooks show the figures.
 *
 * @throws {TypeError} If an option names a column that is not there. @throws {SyntaxError} If `where` cannot be
 * read. @throws {StoreError} If the store does not exist or cannot be read.
 *
 * @example
 * ```ts
 * import { openBackend, report } from "@stet/stet";
 * import assert from "node:assert/strict";
 * import fs from "node:fs";
 *
 * const backend = await openBackend("example_report.csv");
 * for (const lr of [0.1, 0.2]) {
 *   for (const seed of [1, 2, 3]) await backend.record({ lr, seed, "result.loss": lr + seed / 100 });
 * }
 * await backend.close();
 * const { html, markdown } = await report("example_report.csv", { metric: "loss" });
 * assert(html.startsWith("<!doctype html>"));
 * assert.match(markdown, /Best: lr \*\*0\.1\*\* with loss/);
 * fs.unlinkSync("example_report.csv");
 * ```
 */
export async function report(store?: string | URL, options?: ReportOptions): Promise<Report> {
  const module = await import("./figures/report/report.ts");
  return await module.report(registry, store, options);
}

/**
 * Runs SQL over a store: its rows are the table `runs`, saved results the struct `result`. Columns have
 * the types of their values; where those differ, they are text. Read-only: the SQL can change nothing,
 * and reads no other file unless `allowFiles` says so. DuckDB runs it
 * (https://duckdb.org/docs/stable/sql/introduction), the optional package `@duckdb/node-api`.
 *
 * @throws {QueryError} If the SQL is wrong, would write, or takes longer than it may.
 * @throws {StoreError} If the store does not exist or cannot be read, or DuckDB is not installed: says
 * how to install it.
 *
 * @example
 * ```ts ignore
 * import { query } from "@stet/stet";
 *
 * const best = await query(
 *   "runs.csv",
 *   "SELECT alpha, avg(result.accuracy) AS mean FROM runs GROUP BY alpha ORDER BY mean DESC",
 * );
 * for await (const { alpha, mean } of best) console.log(alpha, mean);
 * ```
 */
export async function query(
  store: string | URL | Backend,
  sql: string,
  options?: QueryOptions,
): Promise<QueryResult> {
  const module = await import("./query/query.ts"); // most programs never need it
  const result = await module.query(registry, store, sql, options);
  return addFigures(result, async () => {
    const { resultFigure } = await import("./figures/report/result_figure.ts");
    return resultFigure(result);
  });
}

/**
 * Copies a store to one of any kind, by its extension, and resolves to the number of rows. The new store is
 * whole or absent: it is written to a temporary file, and renamed. Rows are streamed.
 *
 * @throws {StoreError} If the store does not exist, or the new one does, unless `append` or `force`.
 *
 * @example
 * ```ts
 * import { exportStore, openBackend } from "@stet/stet";
 * import assert from "node:assert/strict";
 * import fs from "node:fs";
 *
 * const backend = await openBackend("example_export.csv");
 * for (const seed of [1, 2, 3]) await backend.record({ alpha: 0.1, seed });
 * await backend.close();
 * const options = { where: "seed > 1", columns: ["seed"] };
 * assert.equal(await exportStore("example_export.csv", "example_export.jsonl", options), 2);
 * fs.unlinkSync("example_export.csv");
 * fs.unlinkSync("example_export.jsonl");
 * ```
 */
export async function exportStore(
  from: string | URL,
  to: string | URL,
  options?: ExportOptions,
): Promise<number> {
  const module = await import("./core/tools/export_store.ts");
  return await module.exportStore(registry, from, to, options);
}

/**
 * Fills a store from existing results, in any file that can be opened as a store, so that these runs are
 * skipped. Columns that are not in the key are saved as results.
 *
 * @throws {StoreError} If the file cannot be read, or lacks a column of the key.
 * @throws {ConflictError} If it has a key twice, with different results.
 *
 * @example
 * ```ts
 * import { importStore, once } from "@stet/stet";
 * import assert from "node:assert/strict";
 * import fs from "node:fs";
 *
 * fs.writeFileSync("example_results.csv", "alpha,seed,loss\n0.1,1,0.5\n0.1,2,0.4\n");
 * await importStore("example_results.csv", { key: ["alpha", "seed"], store: "example_import.csv" });
 *
 * const train = once(({ alpha, seed }: { alpha: number; seed: number }) => ({ loss: alpha * seed }), {
 *   store: "example_import.csv",
 *   save: true,
 *   quiet: true,
 * });
 * assert.deepEqual(await train({ alpha: 0.1, seed: 2 }), { loss: 0.4 });
 * fs.unlinkSync("example_results.csv");
 * fs.unlinkSync("example_import.csv");
 * ```
 */
export async function importStore(
  file: string | URL,
  options: ImportOptions,
): Promise<ImportCounts> {
  const module = await import("./core/tools/import_store.ts");
  return await module.importStore(registry, file, options);
}

/**
 * Makes one store of several, of any kinds, with one row for each key.
 *
 * @throws {ConflictError} If rows of one key differ in their results and `prefer` does not say which to
 * take; lists them, and writes nothing.
 *
 * @example
 * ```ts
 * import { mergeStores } from "@stet/stet";
 * import assert from "node:assert/strict";
 * import fs from "node:fs";
 *
 * fs.writeFileSync("example_a.csv", "seed,result\n1,0.5\n2,0.4\n");
 * fs.writeFileSync("example_b.csv", "seed,result\n2,0.4\n3,0.3\n");
 * const counts = await mergeStores(["example_a.csv", "example_b.csv"], "example_all.csv");
 * assert.deepEqual(counts, { read: 4, written: 3, conflicts: 0 });
 * for (const name of ["a", "b", "all"]) fs.unlinkSync(`example_${name}.csv`);
 * ```
 */
export async function mergeStores(
  stores: readonly (string | URL)[],
  to: string | URL,
  options?: MergeOptions,
): Promise<MergeCounts> {
  const module = await import("./core/tools/merge_stores.ts");
  return await module.mergeStores(registry, stores, to, options);
}

/**
 * Returns the faults of a store: torn or unreadable rows, repeated keys, files of dead processes, records
 * whose result file is missing. `repair` repairs where nothing is lost.
 *
 * @throws {StoreError} If there is no store and nothing left of one.
 *
 * @example
 * ```ts
 * import { verify } from "@stet/stet";
 * import assert from "node:assert/strict";
 * import fs from "node:fs";
 *
 * fs.writeFileSync("example_torn.csv", "seed,result\n1,0.5\n2,0.4\n2,0.4\n");
 * const [finding] = await verify("example_torn.csv");
 * assert.equal(finding?.kind, "repeated");
 * assert.deepEqual((await verify("example_torn.csv", { repair: true })).length, 1);
 * assert.deepEqual(await verify("example_torn.csv"), []);
 * fs.unlinkSync("example_torn.csv");
 * ```
 */
export async function verify(
  store?: string | URL,
  options?: VerifyStoreOptions,
): Promise<readonly Finding[]> {
  const module = await import("./core/tools/verify_store.ts");
  return await module.verify(registry, store, options);
}

/**
 * Opens the store at a path or URL; its extension says its kind. It need not exist: the first record makes
 * it. `close` or `await using` closes it.
 *
 * @throws {StoreError} If the extension is not known or the folder does not exist.
 *
 * @example
 * ```ts
 * import { openBackend } from "@stet/stet";
 * import assert from "node:assert/strict";
 *
 * const backend = await openBackend(":memory:");
 * await backend.record({ alpha: 0.1, model: "a" });
 * assert.equal((await backend.load())[0]?.alpha, 0.1);
 * await backend.close();
 * ```
 */
export async function openBackend(
  location: string | URL,
  options?: StoreOptions,
): Promise<Backend & AsyncDisposable> {
  const backend: Backend & Partial<AsyncDisposable> = await registry.open(location, options);
  if (!backend[Symbol.asyncDispose] && Object.isExtensible(backend)) {
    const value = async (): Promise<void> => await backend.close();
    Object.defineProperty(backend, Symbol.asyncDispose, { value, configurable: true });
  }
  return backend as Backend & AsyncDisposable;
}

/**
 * Registers a kind of store for this process, by its extension.
 *
 * @example
 * ```ts
 * import { openBackend, registerBackend } from "@stet/stet";
 * import { MemoryBackend } from "@stet/stet/backends";
 * import assert from "node:assert/strict";
 *
 * registerBackend(".foo", () => Promise.resolve({ open: () => new MemoryBackend() }));
 * assert((await openBackend("runs.foo")) instanceof MemoryBackend);
 * ```
 */
export function registerBackend(extension: string, loader: BackendLoader): void {
  registry.register(extension, loader);
}
