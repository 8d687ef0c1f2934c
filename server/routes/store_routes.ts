import { Hono } from "hono";
import { decodeJsonRow, encodeJsonRow } from "../../core/values/json_row.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { keyParams } from "../../core/keys/key_params.ts";
import { statusOf } from "../../core/contract/status_of.ts";
import type { ColumnsAnswer, MatchRequest, StatusAnswer } from "../../core/contract/wire.ts";
import { jsonResponse, post } from "./answers.ts";
import type { Env, ServerDeps } from "../deps.ts";
import { RunsIn } from "../claims/runs_in.ts";
import {
  clearRequest,
  forgetRequest,
  matchRequest,
  removeRequest,
  verifyRequest,
} from "./schemas.ts";

/** What the store holds besides its rows, and what changes it besides recording. */
export function storeRoutes({ backend, mirror, store }: ServerDeps): Hono<Env> {
  const app = new Hono<Env>();
  const runs = new RunsIn();

  app.get("/v1/status", async () => {
    const status = await statusOf(backend, async (column) => {
      await mirror.catchUp();
      return { count: mirror.count, lastRun: await mirror.ask("largestText", column) };
    });
    const { count, lastRun, keyColumns, resultColumns, failed } = status;
    const answer: StatusAnswer = {
      store,
      exists: await backend.exists(),
      count,
      last_run: lastRun ?? null,
      columns: await backend.columns(),
      key_columns: keyColumns,
      result_columns: resultColumns,
      failed,
      running: (await backend.held()).length,
    };
    return jsonResponse(JSON.stringify(answer));
  });

  app.get("/v1/columns", async () => {
    const answer: ColumnsAnswer = {
      exists: await backend.exists(),
      columns: await backend.columns(),
    };
    return jsonResponse(JSON.stringify(answer));
  });

  app.get("/v1/failures", async () => {
    const failures = await backend.failures();
    return jsonResponse(
      `{"failures":[${
        failures.map(({ params, ...rest }) =>
          `{"params":${encodeJsonRow(params)},${JSON.stringify(rest).slice(1)}`
        ).join(",")
      }]}`,
    );
  });

  app.get("/v1/claims", async () => {
    const claims = await backend.held();
    return jsonResponse(
      `{"claims":[${
        claims.map((held) =>
          `{"params":${encodeJsonRow(keyParams(held.key))},${JSON.stringify(held).slice(1)}`
        ).join(",")
      }]}`,
    );
  });

  post(app, "/v1/has", matchRequest, async (request) => {
    const has = request.params
      ? backend.hasKey(runs.key({ ...request, params: request.params }))
      : backend.has(columnsOf(request));
    return JSON.stringify({ has: await has });
  });

  post(app, "/v1/remove", removeRequest, async (request) => {
    const { batch, key } = request;
    const shape = key && keyShape(key);
    const removed = await (batch
      // Of any columns: a condition may be one of results.
      ? backend.removeKeys(batch.map((row) => keyOf(shape!, decodeJsonRow(row))))
      : request.params
      ? backend.removeKey(runs.key({ ...request, params: request.params }))
      : backend.remove(columnsOf(request)));
    mirror.changed();
    return JSON.stringify({ removed });
  });

  post(app, "/v1/forget", forgetRequest, async ({ batch }) => {
    const forgotten = await backend.forget(batch.map(decodeJsonRow));
    return JSON.stringify({ forgotten });
  });

  post(app, "/v1/clear", clearRequest, async () => {
    await backend.clear();
    mirror.changed();
    return "{}";
  });

  post(app, "/v1/verify", verifyRequest, async ({ repair = false }) => {
    const findings = await backend.verify({ repair });
    if (repair) mirror.changed();
    return JSON.stringify({
      findings: findings.map(({ kind, message, repaired = null }) => ({ kind, message, repaired })),
    });
  });

  return app;
}

function columnsOf({ columns = {} }: MatchRequest): ReturnType<typeof decodeJsonRow> {
  return decodeJsonRow(columns);
}
