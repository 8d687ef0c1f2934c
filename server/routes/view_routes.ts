import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../core/errors.ts";
import type { ViewFacts } from "../../figures/data/view_facts.ts";
import type { ServerDeps } from "../deps.ts";
import { FigureCache } from "../figures/figure_cache.ts";
import { KnownFacts } from "../figures/known_facts.ts";
import { viewAnswer, viewQuery } from "../figures/view_schemas.ts";
import type { Reading } from "../mirror/follower.ts";
import { get, type Route } from "./route.ts";

/** For how long a view with runs under way stays the same without a change, in milliseconds. */
const MAX_AGE_MS = 5000;
/** The number of rows from which a view does not wait for the copy of all of them. */
const MANY_ROWS = 20_000;
/** The interval of looks at the copy, in milliseconds. */
const PAUSE_MS = 50;

/** Returns the route of all figures of a page. */
export function viewRoutes({ backend, mirror, store, now }: ServerDeps): Route[] {
  const cache = new FigureCache(mirror);
  const known = new KnownFacts(backend, store, now);

  /** Returns the facts of a view. Of a store that cannot be read, its figures are the last ones. */
  async function factsNow(): Promise<ViewFacts> {
    const caughtUp = mirror.catchUp().then(() => undefined, messageOf);
    let isCaughtUp: boolean;
    do {
      isCaughtUp = await Promise.race([caughtUp.then(() => true), sleep(PAUSE_MS, false)]);
    } while (!isCaughtUp && !isLarge(mirror.reading));
    await known.read();
    return known.of(mirror, isCaughtUp ? await caughtUp : undefined);
  }

  return [
    get({
      path: "/v1/view",
      summary: "All figures of a page: best configurations, shares of variance, maps, failures",
      query: viewQuery,
      answer: viewAnswer,
      isCompressed: true,
    }, async (query, { req }) => {
      const facts = await factsNow();
      const { mark, claims, reading, problem } = facts;
      const type = { "content-type": "application/json" };
      const compute = (): Promise<string> => mirror.ask("view", query, facts);
      if (reading || problem !== null) {
        return new Response(await compute(), { headers: { ...type, "cache-control": "no-store" } });
      }
      const tag = claims.length > 0 ? `${mark}-${Math.floor(facts.now / MAX_AGE_MS)}` : mark;
      const headers = { etag: `W/"${tag}"`, "cache-control": "no-cache" };
      const sent = (req.header("if-none-match") ?? "").split(",").map((each) => each.trim());
      if (sent.includes(headers.etag)) return new Response(null, { status: 304, headers });
      const text = await cache.get(JSON.stringify(query), compute, tag);
      return new Response(text, { headers: { ...headers, ...type } });
    }),
  ];
}

function isLarge(reading: Reading | null): boolean {
  return reading !== null && Math.max(reading.rows, reading.of ?? 0) > MANY_ROWS;
}
