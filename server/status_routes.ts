import { Hono } from "hono";
import { statusOf } from "../core/status.ts";
import type { StatusAnswer } from "../core/wire.ts";
import type { ServerDeps } from "./deps.ts";

/** `GET /v1/status`: what is in the store. */
export function statusRoutes({ backend, store }: ServerDeps): Hono {
  return new Hono().get("/v1/status", async (c) => {
    const { count, lastRun, keyColumns, resultColumns, failed } = await statusOf(backend);
    const answer: StatusAnswer = {
      store,
      exists: await backend.exists(),
      count,
      last_run: lastRun ?? null,
      columns: await backend.columns(),
      key_columns: keyColumns,
      result_columns: resultColumns,
      failed,
      running: (await backend.claims()).length,
    };
    return c.json(answer);
  });
}
