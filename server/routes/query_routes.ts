import { z } from "zod";
import { query, QueryError } from "../../mod.ts";
import type { Engine } from "../../core/contract/engine.ts";
import { resultArrow } from "../../query/result_arrow.ts";
import { resultText } from "../../query/result_text.ts";
import type { ServerDeps } from "../deps.ts";
import type { Statement } from "../query/query_process.ts";
import { prefetched } from "./prefetched.ts";
import { readJson } from "./body.ts";
import { contentType, mediumFor, STREAMS } from "./media.ts";
import { ProblemError } from "./problem.ts";
import { checked, type Route } from "./route.ts";
import { longText, row } from "./schemas.ts";
import { streamResponse } from "./stream_response.ts";

const queryRequest = z.strictObject({
  sql: longText,
  max_rows: z.int().min(1).max(1_000_000).exactOptional(),
  timeout_seconds: z.number().gt(0).max(60).exactOptional(),
}).meta({ id: "QueryRequest" });

/** The limits of a statement for which the request gives none. */
const DEFAULT_MAX_ROWS = 10_000, DEFAULT_TIMEOUT_SECONDS = 10;

/** The route for SQL, which can only read this store, where the user allows it. */
export function queryRoutes({ backend, allowsQuery, queries }: ServerDeps): Route[] {
  return [{
    method: "post",
    path: "/v1/query",
    summary: "Run SQL that only reads, where --allow-query allows it",
    body: queryRequest,
    answer: z.array(row),
    media: STREAMS,
    problems: [403],
    isCompressed: true,
    async handle({ req }) {
      if (!allowsQuery) {
        throw new ProblemError(
          403,
          "SQL is not enabled here; start the sidecar with --allow-query",
        );
      }
      const request = checked(queryRequest, await readJson(req.raw));
      const { max_rows: maxRows = DEFAULT_MAX_ROWS } = request;
      const { sql, timeout_seconds: seconds = DEFAULT_TIMEOUT_SECONDS } = request;
      const medium = mediumFor(req.header("accept"));
      const statement = { sql, maxRows, timeout: Math.ceil(seconds * 1000), medium };
      try {
        const pieces = await (queries ? queries.answer(statement) : answerHere(backend, statement));
        return streamResponse(pieces, { "content-type": contentType(medium), vary: "accept" });
      } catch (error) {
        if (!(error instanceof QueryError)) throw error;
        throw new ProblemError(400, error.message, { type: "urn:stet:query" });
      }
    },
  }];
}

/** Runs a statement in this process. Its errors are thrown before the answer begins. */
async function answerHere(
  backend: Engine,
  { sql, medium, ...limits }: Statement,
): Promise<AsyncIterator<string | Uint8Array>> {
  const result = await query(backend, sql, limits);
  return await prefetched<string | Uint8Array>(
    medium === "arrow" ? resultArrow(result) : resultText(result, medium),
  );
}
