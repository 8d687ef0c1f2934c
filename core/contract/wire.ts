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
  readonly token?: string;
  readonly params?: WireRow;
  /** Result of the run. */
  readonly result?: Value;
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
  readonly token: string;
  /** The version of a row that does not count as done. */
  readonly replaces?: string;
}

/** `POST /v1/renew`. */
export type RenewRequest = ReleaseRequest & LeaseFields;

/** `POST /v1/fail`. */
export interface FailRequest extends ReleaseRequest {
  readonly error: string;
  readonly stack?: string;
  /** Number of attempts that failed, one after the other. Default: 1. */
  readonly attempts?: number;
}

/** `POST /v1/find` for one run. */
export type FindRequest = RunFields;

/** `POST /v1/find` for many runs. */
export interface BatchFindRequest extends KeyFields {
  readonly batch: readonly WireRow[];
  /** The columns that are needed: the result of a run, or its source. Others may come too. Default: all. */
  readonly only?: "result" | "source";
}

/** `POST /v1/has` and `POST /v1/remove`: rows of a run, or rows that agree on all columns given. */
export interface MatchRequest extends KeyFields {
  readonly params?: WireRow;
  readonly columns?: WireRow;
}

/** `POST /v1/remove`: also the rows that have exactly the cells of one of these in the columns of `key`. */
export interface RemoveRequest extends MatchRequest {
  readonly batch?: readonly WireRow[];
}

/** `POST /v1/verify`. */
export interface VerifyRequest {
  /** True to repair where nothing is lost. Default: false. */
  readonly repair?: boolean;
}

/** `POST /v1/query`. */
export interface QueryRequest {
  readonly sql: string;
  /** Maximum number of rows. Default: 10000. */
  readonly max_rows?: number;
  /** Time limit: up to 60. Default: 10. */
  readonly timeout_seconds?: number;
}

/** The query of `GET /v1/runs`; `sort`, `limit` and `offset` are for JSON only. */
export interface RunsQuery {
  readonly where?: string;
  readonly columns?: string;
  /** For JSON Lines: only what was added since this mark; empty: all, and the mark of now. */
  readonly since?: string;
  readonly sort?: string;
  readonly limit?: number;
  readonly offset?: number;
}

/** `GET /v1/columns`. */
export interface ColumnsAnswer {
  readonly exists: boolean;
  readonly columns: readonly string[];
}

/** `GET /v1/status`. */
export interface StatusAnswer {
  readonly store: string;
  readonly exists: boolean;
  readonly count: number;
  readonly last_run: string | null;
  readonly columns: readonly string[];
  readonly key_columns: readonly string[];
  readonly result_columns: readonly string[];
  readonly failed: number;
  readonly running: number;
}
