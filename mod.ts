/**
 * stet runs every combination once. It remembers which combinations of params are done in one file
 * that can be opened, skips those, and lets several processes share the rest.
 *
 * @example
 * ```ts
 * import { once } from "@stet/stet";
 * import fs from "node:fs";
 *
 * const train = once(({ alpha, seed }: { alpha: number; seed: number }) => {
 *   return { loss: alpha * seed };
 * }, { store: "readme_runs.csv", save: true });
 *
 * for (const alpha of [0.1, 0.5]) {
 *   for (const seed of [1, 2, 3]) await train({ alpha, seed });
 * }
 * fs.unlinkSync("readme_runs.csv");
 * ```
 *
 * @module
 */

export {
  explain,
  exportStore,
  importStore,
  ls,
  mergeStores,
  once,
  openBackend,
  query,
  registerBackend,
  report,
  reset,
  status,
  Store,
  sweep,
  type SweepFunction,
  type Swept,
  type SweptParams,
  type SweptValue,
  verify,
} from "./library.ts";
export type {
  Backend,
  BackendLoader,
  BackendModule,
  BackendTable,
  Claim,
  ClaimAnswer,
  ClaimOptions,
  Claims,
  Failure,
  FailureNote,
  HeldKey,
  KeyAccess,
  Lease,
  MaybePromise,
  OpenOptions,
  RecordsTable,
  RowsAfter,
} from "./core/contract/backend.ts";
export type { Finding, FindingKind, VerifyOptions } from "./core/contract/engine.ts";
export {
  cancelCluster,
  cluster,
  type ClusterMember,
  type ClusterOptions,
  type ClusterQueue,
  type ClusterStatus,
  clusterStatus,
  clusterWorker,
  type ClusterWorkerCounts,
  type ClusterWorkerOptions,
  commands,
  type CommandsOptions,
  inProcess,
  type InProcessOptions,
  workers,
  type WorkersOptions,
} from "./executors/mod.ts";
export { type Conflict, ConflictError, type ConflictingRow } from "./core/tools/conflict_error.ts";
export type { ExportOptions } from "./core/tools/export_store.ts";
export type { ImportCounts, ImportOptions } from "./core/tools/import_store.ts";
export type { WriteOptions } from "./core/tools/make_whole.ts";
export type { MergeCounts, MergeOptions } from "./core/tools/merge_stores.ts";
export type { Selection } from "./core/tools/select_rows.ts";
export type { VerifyStoreOptions } from "./core/tools/verify_store.ts";
export { QueryError } from "./query/query_error.ts";
export type { PlainValue } from "./query/plain_value.ts";
export type { QueryOptions } from "./query/query.ts";
export type { QueryColumn, QueryResult, QueryRow } from "./query/query_result.ts";
export type { Axes, ValueOf } from "./core/grids/axis.ts";
export {
  ColumnError,
  FormatError,
  LockError,
  LostClaimError,
  ResultError,
  StoreError,
} from "./core/errors.ts";
export type {
  AttemptLimits,
  DispatchedRun,
  DispatchedSweep,
  DispatchEnd,
  Dispatcher,
} from "./core/runs/dispatcher.ts";
export type { Executor, Job } from "./core/runs/executor.ts";
export { dates } from "./core/grids/dates.ts";
export { expandGrid, type GridOptions } from "./core/grids/expand_grid.ts";
export type { Difference, ExplainFunction, Explanation, NearRow } from "./core/tools/explain.ts";
export { geomSpace } from "./core/grids/geom_space.ts";
export { httpRetry } from "./core/sweeps/http_retry.ts";
export { type ColumnType, type HashOptions, hashParams } from "./core/keys/hash_params.ts";
export type { Fingerprint } from "./core/keys/fingerprint.ts";
export type { Key, KeyShape } from "./core/keys/key.ts";
export { linSpace } from "./core/grids/lin_space.ts";
export type { LsFunction, LsOptions } from "./core/tools/ls.ts";
export type {
  CheckKey,
  KeyNames,
  Once,
  OnceFunction,
  OnceMethodContext,
  OnceOptions,
  OnceWrapper,
  OnChange,
  Outcome,
} from "./core/runs/once_types.ts";
export type { Progress } from "./core/display/progress_line.ts";
export type { Report, ReportOptions } from "./figures/report/report.ts";
export { range } from "./core/grids/range.ts";
export type { StoreOptions } from "./core/contract/registry.ts";
export type { ResetFunction, ResetOptions } from "./core/tools/reset.ts";
export { type Distribution, sampleGrid, type SampleSpec } from "./core/grids/sample_grid.ts";
export type { Sequence } from "./core/grids/sequence.ts";
export type { PrintOptions, StatusFunction } from "./core/tools/status.ts";
export type { PlannedStatus, RunningStatus, Status } from "./core/contract/status_of.ts";
export type {
  Columns,
  CustomData,
  IngestCounts,
  RecordKey,
  RecordPatch,
  ReservedParams,
  RunnerParams,
  StoreInit,
  StoreParams,
  StoreRecord,
} from "./core/records/store_types.ts";
export type { Shard } from "./core/sweeps/shard.ts";
export type { Sweep, SweepCounts, SweepOptions, SweepParams } from "./core/sweeps/sweep_types.ts";
export type { Row, Value } from "./core/values/value.ts";
export { zipGrid } from "./core/grids/zip_grid.ts";
