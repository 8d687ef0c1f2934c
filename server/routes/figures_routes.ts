import { type Context, Hono } from "hono";
import { z } from "zod";
import { keyParams } from "../../core/keys/key_params.ts";
import { jsonResponse } from "./answers.ts";
import { checked } from "./checked.ts";
import type { Env, ServerDeps } from "../deps.ts";
import { FigureCache } from "../figures/figure_cache.ts";
import { heatmapRequest, slowestRequest, timelineRequest } from "./figures_schemas.ts";

/** For how long progress is the same while nothing happens, in milliseconds: its rate falls. */
const STILL = 5000;

/** What the store comes to, by SQL over the mirror. */
export function figuresRoutes(deps: ServerDeps): Hono<Env> {
  const { backend, mirror, now } = deps;
  const cache = new FigureCache(mirror);

  function query<T>(c: Context, schema: z.ZodType<T>): T {
    return checked(schema, c.req.query());
  }

  return new Hono<Env>()
    .get("/v1/progress", async (c) => {
      query(c, z.strictObject({}));
      const failed = (await backend.failures()).map(({ params }) => params);
      const running = (await backend.held()).map(({ key }) => keyParams(key));
      const state = `${encodeKeys(failed)}\0${encodeKeys(running)}\0${Math.floor(now() / STILL)}`;
      const compute = async (): Promise<string> => {
        const progress = await mirror.ask("progress", { failed, running }, now() / 1000);
        return `{"store":${JSON.stringify(deps.store)},${progress.slice(1)}`;
      };
      return jsonResponse(await cache.get("progress", compute, state));
    })
    .get("/v1/kinds", async (c) => {
      query(c, z.strictObject({}));
      return jsonResponse(await cache.get("kinds", () => mirror.ask("kinds")));
    })
    .get("/v1/heatmap", async (c) => {
      const request = query(c, heatmapRequest);
      const id = `heatmap ${JSON.stringify(request)}`;
      return jsonResponse(await cache.get(id, () => mirror.ask("heatmap", request)));
    })
    .get("/v1/timeline", async (c) => {
      const { seconds } = query(c, timelineRequest);
      const failures = (await backend.failures()).map(({ time }) => Date.parse(time) / 1000);
      const state = `${failures.length} ${failures.at(-1)} ${
        seconds === undefined ? "" : Math.floor(now() / STILL)
      }`;
      const compute = (): Promise<string> =>
        mirror.ask("timeline", failures, now() / 1000, seconds);
      return jsonResponse(await cache.get(`timeline ${seconds}`, compute, state));
    })
    .get("/v1/slowest", async (c) => {
      const { limit, where } = query(c, slowestRequest);
      await mirror.catchUp();
      return jsonResponse(await mirror.ask("slowest", limit, where));
    });
}

/** How many keys, and something that changes with them. */
function encodeKeys(keys: readonly object[]): string {
  return `${keys.length} ${
    JSON.stringify(keys.at(-1), (_, value) => typeof value === "bigint" ? `${value}` : value)
  }`;
}
