/** The classes behind the kinds of store, for use without the table. @module */
export { ArrowBackend } from "./arrow/arrow.ts";
export { CsvBackend } from "./text/csv.ts";
export { HttpBackend } from "./http/http.ts";
export { type RunningKey, type RunsPage, SidecarClient } from "./http/http_client.ts";
export type {
  BatchClaimRequest,
  BatchFindRequest,
  ClaimRequest,
  ColumnsAnswer,
  FailRequest,
  FindRequest,
  KeyFields,
  LeaseFields,
  MatchRequest,
  QueryRequest,
  RecordRequest,
  ReleaseRequest,
  RemoveRequest,
  RenewRequest,
  RunFields,
  RunsQuery,
  RunState,
  StatusAnswer,
  VerifyRequest,
  WireClaimAnswer,
  WireRow,
} from "../core/contract/wire.ts";
export { JsonBackend } from "./text/json.ts";
export { JsonlBackend } from "./text/jsonl.ts";
export { MemoryBackend } from "./memory.ts";
export { ParquetBackend } from "./parquet/parquet.ts";
export { SqliteBackend } from "./sqlite/sqlite.ts";
