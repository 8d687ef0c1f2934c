import { z } from "zod";
import type {
  BatchClaimRequest,
  BatchFindRequest,
  ClaimRequest,
  WireRow,
} from "../../core/contract/wire.ts";
import { isPlainObject, type Value } from "../../core/values/value.ts";

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
/** Several rows on the wire. */
export const batch = z.array(row).max(MAX_BATCH);

/** A text in an answer. */
export const text = z.string();
/** A count in an answer. */
export const count = z.int().min(0);

/** A text in a request. */
export const longText = z.string().max(1_000_000);
/** The token of a claim. */
export const token = z.string()
  .regex(/^[!-~]{1,200}$/, "must be 1 to 200 visible ASCII characters");
/** The member that names the version of a row that does not count as done. */
export const replacesField = { replaces: z.string().min(1).max(200).exactOptional() };
/** The members that declare a key. */
export const keyFields = {
  key: z.array(z.string()).max(2000).exactOptional()
    .describe("The names of the key's columns. Default: every param."),
  defaults: row.exactOptional(),
};
/** The members that name a run. */
export const runFields = { params: row, ...keyFields };
/** The members of a claim, besides its run. */
export const leaseFields = {
  lease_seconds: z.number().gt(0).max(86_400).exactOptional(),
  holder: z.string().max(200).exactOptional().describe("The name of the claimant, for messages."),
};
const waitField = { wait_seconds: z.number().min(0).max(60).exactOptional() };

/** `POST /v1/claim` for one run. */
export const claimRequest: z.ZodType<ClaimRequest> = z.strictObject({
  ...runFields,
  ...leaseFields,
  ...waitField,
  ...replacesField,
  token: token.exactOptional(),
}).meta({ id: "ClaimRequest" });

/** `POST /v1/claim` for some of many runs. */
export const batchClaimRequest: z.ZodType<BatchClaimRequest> = z.strictObject({
  batch,
  most: z.int().min(0).exactOptional(),
  ...keyFields,
  ...leaseFields,
  ...waitField,
}).meta({ id: "BatchClaimRequest" });

/** `POST /v1/find` for many runs. */
export const batchFindRequest: z.ZodType<BatchFindRequest> = z.strictObject({
  batch,
  ...keyFields,
  only: z.enum(["result", "source"]).exactOptional()
    .describe("The columns that are needed; others may come too. Default: all."),
}).meta({ id: "BatchFindRequest" });
