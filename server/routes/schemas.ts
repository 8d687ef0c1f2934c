import { z } from "zod";
import { isPlainObject } from "../../core/values/value.ts";
import type {
  BatchClaimRequest,
  ClaimRequest,
  FailRequest,
  FindRequest,
  ForgetRequest,
  MatchRequest,
  QueryRequest,
  RecordAllQuery,
  RecordRequest,
  ReleaseRequest,
  RemoveRequest,
  RenewRequest,
  RunsQuery,
  VerifyRequest,
  WireRow,
} from "../../core/contract/wire.ts";
import type { Value } from "../../core/values/value.ts";

const MAX_LEASE_SECONDS = 86_400;
const MAX_WAIT_SECONDS = 60;
/** The maximum number of runs in a batch. */
const MAX_BATCH = 1000;

/** A value on the wire. The parser has made it from JSON: any value is one. */
export const value = z.custom<Value>((x) => x !== undefined).meta({
  description:
    "A number, boolean, null, array or object is itself; a string is cell text: itself, " +
    "or JSON-quoted inside where it would read as something else.",
});
/** A row on the wire. `z.record` would drop a column `__proto__`. */
export const row = z.custom<WireRow>(isPlainObject, "must be an object").meta({
  type: "object",
  additionalProperties: true,
  description: "Values by column.",
});

/** A text of an answer. */
export const text = z.string();
/** A count in an answer. */
export const count = z.int().min(0);
/** The query of a route that reads none. */
export const anyQuery = z.object({});

const longText = z.string().max(1_000_000);
const token = z.string().regex(/^[!-~]{1,200}$/, "must be 1 to 200 visible ASCII characters");
const version = z.string().min(1).max(200);

const keyFields = {
  key: z.array(z.string()).max(2000).exactOptional()
    .describe("The names of the key's columns. Default: every param."),
  defaults: row.exactOptional(),
};
const runFields = { params: row, ...keyFields };
const leaseFields = {
  lease_seconds: z.number().gt(0).max(MAX_LEASE_SECONDS).exactOptional(),
  holder: z.string().max(200).exactOptional().describe("The name of the claimant, for messages."),
};
const wait = z.number().min(0).max(MAX_WAIT_SECONDS).exactOptional();

/** `POST /v1/claim` for one run. */
export const claimRequest: z.ZodType<ClaimRequest> = z.strictObject({
  ...runFields,
  ...leaseFields,
  wait_seconds: wait,
  replaces: version.exactOptional(),
  token: token.exactOptional(),
}).meta({ id: "ClaimRequest" });

/** `POST /v1/claim` for some of many runs. */
export const batchClaimRequest: z.ZodType<BatchClaimRequest> = z.strictObject({
  batch: z.array(row).max(MAX_BATCH),
  most: z.int().min(0).exactOptional(),
  ...keyFields,
  ...leaseFields,
  wait_seconds: wait,
}).meta({ id: "BatchClaimRequest" });

/** `POST /v1/record`. */
export const recordRequest: z.ZodType<RecordRequest> = z.strictObject({
  token: token.exactOptional(),
  params: row.exactOptional(),
  ...keyFields,
  result: value.exactOptional(),
  elapsed_seconds: z.number().min(0).exactOptional(),
  row: row.exactOptional(),
  replaces: version.exactOptional(),
  retry: z.boolean().exactOptional(),
}).refine((it) => it.params !== undefined || it.row !== undefined, "needs params or row")
  .meta({ id: "RecordRequest" });

/** `POST /v1/fail`. */
export const failRequest: z.ZodType<FailRequest> = z.strictObject({
  token,
  ...runFields,
  error: longText,
  stack: longText.exactOptional(),
  attempts: z.int().min(1).max(1_000_000).exactOptional(),
  replaces: version.exactOptional(),
}).meta({ id: "FailRequest" });

/** `POST /v1/renew`. */
export const renewRequest: z.ZodType<RenewRequest> = z.strictObject({
  token,
  ...runFields,
  ...leaseFields,
  replaces: version.exactOptional(),
}).meta({ id: "RenewRequest" });

/** `POST /v1/release`. */
export const releaseRequest: z.ZodType<ReleaseRequest> = z.strictObject({
  token,
  ...runFields,
  replaces: version.exactOptional(),
})
  .meta({ id: "ReleaseRequest" });

/** `POST /v1/find`. */
export const findRequest: z.ZodType<FindRequest> = z.strictObject(runFields)
  .meta({ id: "FindRequest" });

/** `POST /v1/has`. */
export const matchRequest: z.ZodType<MatchRequest> = z.strictObject({
  params: row.exactOptional(),
  columns: row.exactOptional(),
  ...keyFields,
}).refine(
  (it) => (it.params === undefined) !== (it.columns === undefined),
  "needs params (rows of exactly this run) or columns (rows that agree on all of them)",
).meta({ id: "MatchRequest" });

/** `POST /v1/remove`. */
export const removeRequest: z.ZodType<RemoveRequest> = z.strictObject({
  params: row.exactOptional(),
  columns: row.exactOptional(),
  batch: z.array(row).max(MAX_BATCH).exactOptional(),
  ...keyFields,
}).refine(
  ({ params, columns, batch, key }) =>
    [params, columns, batch].filter((it) => it !== undefined).length === 1 &&
    (batch === undefined || (key?.length ?? 0) > 0),
  "needs params (rows of exactly this run), columns (rows that agree on all of them), or batch and key " +
    "(rows that have exactly these cells in the columns of key)",
).meta({ id: "RemoveRequest" });

/** `POST /v1/forget`. */
export const forgetRequest: z.ZodType<ForgetRequest> = z.strictObject({
  batch: z.array(row).max(MAX_BATCH),
})
  .meta({ id: "ForgetRequest" });

/** `POST /v1/clear`. */
export const clearRequest: z.ZodType<Record<never, never>> = z.strictObject({})
  .meta({ id: "ClearRequest" });

/** `POST /v1/verify`. */
export const verifyRequest: z.ZodType<VerifyRequest> = z.strictObject({
  repair: z.boolean().exactOptional(),
}).meta({ id: "VerifyRequest" });

/** `POST /v1/query`. */
export const queryRequest: z.ZodType<QueryRequest> = z.strictObject({
  sql: longText,
  max_rows: z.int().min(1).max(1_000_000).exactOptional(),
  timeout_seconds: z.number().gt(0).max(60).exactOptional(),
}).meta({ id: "QueryRequest" });

/** The query of `GET /v1/runs`. */
export const runsQuery: z.ZodType<RunsQuery> = z.strictObject({
  where: longText.exactOptional().describe("Which rows, as in: alpha > 0.2 and model = 'a'"),
  columns: longText.exactOptional().describe(
    "Names of columns with commas between, or a JSON array. Default: all.",
  ),
  since: longText.exactOptional().describe("JSON Lines only: what was added since this mark."),
  sort: longText.exactOptional()
    .describe("Names of columns, the first counts most; with - before it from the largest down."),
  limit: z.coerce.number().int().min(1).max(10_000).exactOptional()
    .describe("Default: 100. JSON only."),
  offset: z.coerce.number().int().min(0).exactOptional()
    .describe("The number of rows to skip. JSON only."),
});

/** The query of `POST /v1/runs`. */
export const recordAllQuery: z.ZodType<RecordAllQuery> = z.strictObject({
  retry: z.literal(["true", "false"]).exactOptional()
    .describe("Whether these may have arrived before: rows that are there are not added again."),
  columns: longText.exactOptional().describe("The columns that rows will have, as a JSON array."),
});
