import { z } from "zod";
import type { WireClaimAnswer } from "../../core/contract/wire.ts";
import { Claims } from "../claims/claims.ts";
import type { ServerDeps } from "../deps.ts";
import { readJson } from "./body.ts";
import { checked, post, responseOf, type Route } from "./route.ts";
import * as schemas from "./schemas.ts";

const { text, row } = schemas;

const claimed = z.strictObject({
  state: z.literal("claimed"),
  token: text,
  lease_seconds: z.number(),
});
const claimAnswer: z.ZodType<WireClaimAnswer> = z.discriminatedUnion("state", [
  claimed,
  z.strictObject({
    state: z.literal("done"),
    result: schemas.value.exactOptional(),
    version: text,
  }),
  z.strictObject({ state: z.literal("busy"), holder: text, retry_after: z.number() }),
  z.strictObject({ state: z.literal("free") }),
]).meta({ id: "ClaimAnswer" });

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
      // Checked by one schema of the two: errors then name the member that is wrong.
      async handle({ req, env: { gone } }) {
        const body = await readJson(req.raw);
        const isBatch = typeof body === "object" && body !== null && Object.hasOwn(body, "batch");
        return responseOf(
          isBatch
            ? await claims.claimBatch(checked(schemas.batchClaimRequest, body), gone)
            : await claims.claim(checked(schemas.claimRequest, body), gone),
        );
      },
    },
    post({
      path: "/v1/record",
      summary: "Record a run and end its claim; without a token, add a row",
      body: schemas.recordRequest,
      answer: z.strictObject({ state: z.literal("recorded") }),
      problems: [409, 422],
    }, (request) => claims.record(request)),
    post({
      path: "/v1/fail",
      summary: "Note that a run failed, and end its claim",
      body: schemas.failRequest,
      answer: z.strictObject({ state: z.literal("failed") }),
      problems: [409],
    }, (request) => claims.fail(request)),
    post({
      path: "/v1/renew",
      summary: "Extend the lease of a claim",
      body: schemas.renewRequest,
      answer: claimed,
      problems: [409],
    }, (request) => claims.renew(request)),
    post({
      path: "/v1/release",
      summary: "End a claim; nothing is noted",
      body: schemas.releaseRequest,
      answer: z.strictObject({ state: z.literal("released") }),
      problems: [409],
    }, (request) => claims.release(request)),
    post({
      path: "/v1/find",
      summary: "The newest row of a run",
      body: schemas.findRequest,
      answer: z.union([z.strictObject({ row, version: text }), z.strictObject({ row: z.null() })]),
    }, (request) => claims.find(request)),
  ];
}
