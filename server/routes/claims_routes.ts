import { Hono } from "hono";
import { jsonResponse, post } from "./answers.ts";
import { readJson } from "./body.ts";
import { checked } from "./checked.ts";
import { Claims } from "../claims/claims.ts";
import type { Env, ServerDeps } from "../deps.ts";
import {
  batchClaimRequest,
  claimRequest,
  failRequest,
  findRequest,
  recordRequest,
  releaseRequest,
  renewRequest,
} from "./schemas.ts";

/** Claiming runs, and what comes of them. */
export function claimsRoutes(deps: ServerDeps): Hono<Env> {
  const claims = new Claims(deps);
  const app = new Hono<Env>();
  app.post("/v1/claim", async (c) => {
    const body = await readJson(c.req.raw);
    const isBatch = typeof body === "object" && body !== null && Object.hasOwn(body, "batch");
    return jsonResponse(
      isBatch
        ? await claims.claimBatch(checked(batchClaimRequest, body), c.env.gone)
        : await claims.claim(checked(claimRequest, body), c.env.gone),
    );
  });
  post(app, "/v1/record", recordRequest, (request) => claims.record(request));
  post(app, "/v1/fail", failRequest, (request) => claims.fail(request));
  post(app, "/v1/renew", renewRequest, (request) => claims.renew(request));
  post(app, "/v1/release", releaseRequest, (request) => claims.release(request));
  post(app, "/v1/find", findRequest, (request) => claims.find(request));
  return app;
}
