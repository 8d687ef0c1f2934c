import { z } from "zod";
import { QueryError } from "../../mod.ts";
import type { ServerDeps } from "../deps.ts";
import { answerPieces } from "../query/query_job.ts";
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
      const { sql, max_rows: maxRows = 10_000, timeout_seconds: seconds = 10 } = request;
      const medium = mediumFor(req.header("accept"));
      const statement = { sql, maxRows, timeout: Math.ceil(seconds * 1000), medium };
      try {
        const pieces = await (queries?.answer(statement) ?? answerPieces(backend, statement));
        return await streamResponse(pieces, {
          "content-type": contentType(medium),
          vary: "accept",
        });
      } catch (error) {
        if (!(error instanceof QueryError)) throw error;
        throw new ProblemError(400, error.message, { type: "urn:stet:query" });
      }
    },
  }];
}
