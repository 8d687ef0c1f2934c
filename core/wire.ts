/**
 * What goes between the sidecar and its clients: the bodies of requests and answers, as JSON. Fields
 * are in snake_case, times in seconds.
 *
 * @module
 */

/** Problems of our own. */
export type ProblemType =
  | "urn:stet:invalid-request"
  | "urn:stet:lost-claim"
  | "urn:stet:store"
  | "urn:stet:query"
  | "urn:stet:package";

/** Why a request was not done (RFC 9457). */
export interface Problem {
  readonly type: ProblemType | "about:blank";
  readonly title: string;
  readonly status: number;
  /** What was wrong, where, and what to do. */
  readonly detail: string;
  readonly [member: string]: unknown;
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
