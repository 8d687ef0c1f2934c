import { Hono } from "hono";
import { query, QueryError } from "../../mod.ts";
import { resultArrow } from "../../query/result_arrow.ts";
import type { Engine } from "../../core/contract/engine.ts";
import { resultText } from "../../query/result_text.ts";
import { begun } from "./begun.ts";
import { readJson } from "./body.ts";
import { checked } from "./checked.ts";
import type { Env, ServerDeps } from "../deps.ts";
import { MEDIA, mediumFor } from "./media.ts";
import { ProblemError } from "./problem.ts";
import type { Statement } from "../query/query_process.ts";
import { queryRequest } from "./schemas.ts";
import { streamResponse, takesGzip } from "./stream_response.ts";

/** Answers in this process. What is wrong is thrown before the answer begins. */
async function answerHere(
  backend: Engine,
  { sql, medium, ...limits }: Statement,
): Promise<AsyncIterator<string | Uint8Array>> {
  const result = await query(backend, sql, limits);
  return await begun<string | Uint8Array>(
    medium === "arrow" ? resultArrow(result) : resultText(result, medium),
  );
}

/** The most rows, and the longest time in seconds, of who asks for nothing else. */
const MOST_ROWS = 10_000, LONGEST = 10;

/** `POST /v1/query`: SQL that only reads this store, where the user allows it. */
export function queryRoutes({ backend, allowsQuery, queries }: ServerDeps): Hono<Env> {
  return new Hono<Env>().post("/v1/query", async (c) => {
    if (!allowsQuery) {
      throw new ProblemError(403, "SQL is not enabled here; start the sidecar with --allow-query");
    }
    const request = checked(queryRequest, await readJson(c.req.raw));
    const { sql, max_rows: maxRows = MOST_ROWS, timeout_seconds: seconds = LONGEST } = request;
    const medium = mediumFor(c.req.header("accept"));
    const statement = { sql, maxRows, timeout: Math.ceil(seconds * 1000), medium };
    try {
      const pieces = await (queries ? queries.answer(statement) : answerHere(backend, statement));
      return streamResponse(pieces, {
        type: MEDIA[medium],
        isZipped: takesGzip(c.req.header("accept-encoding")),
      });
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      throw new ProblemError(400, error.message, { type: "urn:stet:query" });
    }
  });
}
