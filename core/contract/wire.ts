/**
 * The bodies of requests and answers between the sidecar and its clients, as JSON. Fields
 * are in snake_case, times in seconds. Values of params and rows are as `json_row.ts` writes them: a
 * string is cell text. Those of results are plain JSON.
 *
 * @module
 */

import type { Value } from "../values/value.ts";

/** Problems of our own. */
export type ProblemType =
  | "urn:stet:invalid-request"
  | "urn:stet:lost-claim"
  | "urn:stet:column"
  | "urn:stet:store"
  | "urn:stet:query"
  | "urn:stet:package";

/** Why a request was not done (RFC 9457). */
export interface Problem {
  readonly type: ProblemType | "about:blank";
  readonly title: string;
  readonly status: number;
  /** The fault, its place, and the remedy. */
  readonly detail: string;
  readonly [member: string]: unknown;
}

/** Values by column, as they are on the wire. */
export type WireRow = Readonly<Record<string, Value>>;

/** The key columns. */
export interface KeyFields {
  /** Their names. Default: every param. */
  readonly key?: readonly string[];
  /** Values that rows and params without the column count as having. */
  readonly defaults?: WireRow;
}

/** The run. */
export interface RunFields extends KeyFields {
  /** Its params: those of the key at least. */
  readonly params: WireRow;
}

/** Lease of a claim. */
export interface LeaseFields {
  /** Duration unless it is renewed: up to 86400. Default: 60. */
  readonly lease_seconds?: number;
  /** Name of the client in messages. */
  readonly holder?: string;
}

/** `POST /v1/claim` for one run. */
export interface ClaimRequest extends RunFields, LeaseFields {
  /** Time to wait while it is busy: 0 to 60. Default: 0. */
  readonly wait_seconds?: number;
  /** The version of a row that does not count as done. */
  readonly replaces?: string;
  /** The token to claim with: that of a claim to have again. Default: a new one. */
  readonly token?: string;
}

/** `POST /v1/claim` for some of many runs. */
export interface BatchClaimRequest extends KeyFields, LeaseFields {
  /** The params of the runs. */
  readonly batch: readonly WireRow[];
  /** Maximum number of claims. Default: all. */
  readonly most?: number;
  /** Time to wait while none is claimed and some are busy. Default: 0. */
  readonly wait_seconds?: number;
}

/** Answer to a claim. */
export type WireClaimAnswer =
  | { readonly state: "claimed"; readonly token: string; readonly lease_seconds: number }
  | { readonly state: "done"; readonly result?: Value; readonly version: string }
  | { readonly state: "busy"; readonly holder: string; readonly retry_after: number }
  | { readonly state: "free" };

/** `POST /v1/record`. With a token it ends the claim, without one it adds a row. */
export interface RecordRequest extends KeyFields {
  /** The token of the claim. Default: none. */
  readonly token?: string;
  /** The params of the run. */
  readonly params?: WireRow;
  /** Result of the run. */
  readonly result?: Value;
  /** Duration of the run. */
  readonly elapsed_seconds?: number;
  /** The row as it is to be stored, in place of params, result and elapsed_seconds. */
  readonly row?: WireRow;
  /** The version of a row that does not count as done. */
  readonly replaces?: string;
  /** True if this may have arrived before: a row that is there, timestamp and all, is not added again. */
  readonly retry?: boolean;
}

/** `POST /v1/release`. */
export interface ReleaseRequest extends RunFields {
  /** The token of the claim. */
  readonly token: string;
  /** The version of a row that does not count as done. */
  readonly replaces?: string;
}

/** `POST /v1/renew`. */
export type RenewRequest = ReleaseRequest & LeaseFields;

/** `POST /v1/fail`. */
export interface FailRequest extends ReleaseRequest {
  /** The message of the error. */
  readonly error: string;
  /** Its stack. Default: none. */
  readonly stack?: string;
  /** Number of attempts that failed, one after the other. Default: 1. */
  readonly attempts?: number;
}

/** `POST /v1/find` for one run. */
export type FindRequest = RunFields;

/** `POST /v1/find` for many runs. */
export interface BatchFindRequest extends KeyFields {
  /** The params of the runs. */
  readonly batch: readonly WireRow[];
  /** The columns that are needed: the result of a run, or its source. Others may come too. Default: all. */
  readonly only?: "result" | "source";
}

/** `POST /v1/has` and `POST /v1/remove`: rows of a run, or rows that agree on all columns given. */
export interface MatchRequest extends KeyFields {
  /** The params of the run. */
  readonly params?: WireRow;
  /** The columns to agree on, in place of params. */
  readonly columns?: WireRow;
}

/** `POST /v1/remove`: also the rows that have exactly the cells of one of these in the columns of `key`. */
export interface RemoveRequest extends MatchRequest {
  /** The cells by column, in place of params and columns. */
  readonly batch?: readonly WireRow[];
}

/** `POST /v1/verify`. */
export interface VerifyRequest {
  /** True to repair where nothing is lost. Default: false. */
  readonly repair?: boolean;
}

/** `POST /v1/query`. */
export interface QueryRequest {
  /** One statement that only reads. The rows are the table `runs`. */
  readonly sql: string;
  /** Maximum number of rows. Default: 10000. */
  readonly max_rows?: number;
  /** Time limit: up to 60. Default: 10. */
  readonly timeout_seconds?: number;
}

/** The query of `GET /v1/runs`; `sort`, `limit` and `offset` are for JSON only. */
export interface RunsQuery {
  /** Condition on the rows. Default: none. */
  readonly where?: string;
  /** Names of columns with commas between, or a JSON array. Default: all. */
  readonly columns?: string;
  /** For JSON Lines: only what was added since this mark; empty: all, and the mark of now. */
  readonly since?: string;
  /** Names of columns, the first counts most; with `-` before the name, descending. */
  readonly sort?: string;
  /** Maximum number of rows. Default: 100. */
  readonly limit?: number;
  /** Number of rows to leave out before. Default: 0. */
  readonly offset?: number;
  /** Runs in these states, with their states and counts. Default: those that are done, without. */
  readonly status?: RunState | "all";
}

/** The state of a run: it has a row, it failed and has none, or it is under way. */
export type RunState = "done" | "failed" | "running";

/** `GET /v1/columns`. */
export interface ColumnsAnswer {
  /** False while nothing has made the store. */
  readonly exists: boolean;
  /** Columns of the store, in its order. */
  readonly columns: readonly string[];
}

/** `GET /v1/status`. */
export interface StatusAnswer {
  /** Path or URL of the store. */
  readonly store: string;
  /** False while nothing has made the store. */
  readonly exists: boolean;
  /** Number of rows: runs that are done. */
  readonly count: number;
  /** Time of the last record, ISO 8601 in UTC; null if no row has one. */
  readonly last_run: string | null;
  /** All columns, in the order of the store. */
  readonly columns: readonly string[];
  /** The columns of params. */
  readonly key_columns: readonly string[];
  /** The columns of saved results. */
  readonly result_columns: readonly string[];
  /** Number of keys that failed and have not succeeded since. */
  readonly failed: number;
  /** Number of keys that are claimed now. */
  readonly running: number;
}
