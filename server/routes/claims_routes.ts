import { z } from "zod";
import type { WireClaimAnswer } from "../../core/contract/wire.ts";
import { Claims } from "../claims/claims.ts";
import type { ServerDeps } from "../deps.ts";
import { readJson } from "./body.ts";
import { checked, post, responseOf, type Route } from "./route.ts";
import * as schemas from "./schemas.ts";

const { keyFields, leaseFields, replacesField, row, runFields, text, token, value } = schemas;

const claimed = z.strictObject({
  state: z.literal("claimed"),
  token: text,
  lease_seconds: z.number(),
});
const claimAnswer: z.ZodType<WireClaimAnswer> = z.discriminatedUnion("state", [
  claimed,
  z.strictObject({
    state: z.literal("done"),
    result: value.exactOptional(),
    version: text,
  }),
  z.strictObject({ state: z.literal("busy"), holder: text, retry_after: z.number() }),
  z.strictObject({ state: z.literal("free") }),
]).meta({ id: "ClaimAnswer" });

const findRequest = z.strictObject(runFields).meta({ id: "FindRequest" });

/** Routes for claims and how they end. They are the hot path: no middleware may be before them. */
export function claimsRoutes(deps: ServerDeps): Route[] {
  const claims = new Claims(deps);
  return [
    {
      method: "post",
      path: "/v1/claim",
      summary: "Claim a run, or some of a batch, unless it is done or busy",
      body: z.union([schemas.claimRequest, schemas.batchClaimRequest]),
      answer: z.union([claimAnswer, z.strictObject({ answers: z.array(claimAnswer) })]),
      problems: [422],
      async handle({ req, env: { gone } }) {
        const body = await readJson(req.raw);
        return responseOf(
          isBatch(body)
            ? await claims.claimBatch(checked(schemas.batchClaimRequest, body), gone)
            : await claims.claim(checked(schemas.claimRequest, body), gone),
        );
      },
    },
    post({
      path: "/v1/record",
      summary: "Record a run and end its claim; without a token, add a row",
      body: z.strictObject({
        token: token.exactOptional(),
        params: row.exactOptional(),
        ...keyFields,
        result: value.exactOptional(),
        elapsed_seconds: z.number().min(0).exactOptional(),
        row: row.exactOptional(),
        ...replacesField,
        retry: z.boolean().exactOptional(),
      }).refine((it) => it.params !== undefined || it.row !== undefined, "needs params or row")
        .meta({ id: "RecordRequest" }),
      answer: z.strictObject({ state: z.literal("recorded") }),
      problems: [409, 422],
    }, (request) => claims.record(request)),
    post({
      path: "/v1/fail",
      summary: "Note that a run failed, and end its claim",
      body: z.strictObject({
        token,
        ...runFields,
        error: schemas.longText,
        stack: schemas.longText.exactOptional(),
        attempts: z.int().min(1).max(1_000_000).exactOptional(),
        ...replacesField,
      }).meta({ id: "FailRequest" }),
      answer: z.strictObject({ state: z.literal("failed") }),
      problems: [409],
    }, (request) => claims.fail(request)),
    post({
      path: "/v1/renew",
      summary: "Extend the lease of a claim",
      body: z.strictObject({ token, ...runFields, ...leaseFields, ...replacesField })
        .meta({ id: "RenewRequest" }),
      answer: claimed,
      problems: [409],
    }, (request) => claims.renew(request)),
    post({
      path: "/v1/release",
      summary: "End a claim; nothing is noted",
      body: z.strictObject({ token, ...runFields, ...replacesField }).meta({
        id: "ReleaseRequest",
      }),
      answer: z.strictObject({ state: z.literal("released") }),
      problems: [409],
    }, (request) => claims.release(request)),
    {
      method: "post",
      path: "/v1/find",
      summary: "The newest row of a run, or of each of a batch",
      body: z.union([findRequest, schemas.batchFindRequest]),
      answer: z.union([
        z.strictObject({ row, version: text }),
        z.strictObject({ row: z.null() }),
        z.strictObject({ rows: z.array(row.nullable()) }),
      ]),
      async handle({ req }) {
        const body = await readJson(req.raw);
        return responseOf(
          isBatch(body)
            ? await claims.findBatch(checked(schemas.batchFindRequest, body))
            : await claims.find(checked(findRequest, body)),
        );
      },
    },
  ];
}

/** True for a request about many runs: its own schema then names the member that is wrong. */
function isBatch(body: unknown): boolean {
  return typeof body === "object" && body !== null && Object.hasOwn(body, "batch");
}
