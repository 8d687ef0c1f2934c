/** The classes behind the kinds of store, for those who want one without the table. @module */
export { ArrowBackend } from "./arrow.ts";
export { CsvBackend } from "./csv.ts";
export { HttpBackend } from "./http.ts";
export { type RunningKey, type RunsPage, SidecarClient } from "./http_client.ts";
export type {
  BatchClaimRequest,
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
  RenewRequest,
  RunFields,
  RunsQuery,
  StatusAnswer,
  VerifyRequest,
  WireClaimAnswer,
  WireRow,
} from "../core/wire.ts";
export { JsonBackend } from "./json.ts";
export { JsonlBackend } from "./jsonl.ts";
export { MemoryBackend } from "./memory.ts";
export { ParquetBackend } from "./parquet.ts";
export { SqliteBackend } from "./sqlite.ts";
