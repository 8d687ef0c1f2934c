import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../core/errors.ts";
import type { ServerDeps } from "../deps.ts";
import { FigureCache } from "../figures/figure_cache.ts";
import { NOTHING_KNOWN, readState, storeFacts } from "../figures/store_facts.ts";
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

  let state = NOTHING_KNOWN;

  /** Returns the facts of a view but for its rows. Of a store that cannot be read, the figures are the last ones. */
  async function factsOf() {
    const caughtUp = mirror.catchUp().then(() => undefined, messageOf);
    // The first copy of a large store takes seconds: the page says how far it is.
    let isCaughtUp = false;
    do {
      isCaughtUp = await Promise.race([caughtUp.then(() => true), sleep(PAUSE_MS, false)]);
    } while (!isCaughtUp && !isLarge(mirror.reading));
    const problem = isCaughtUp ? await caughtUp : undefined;
    const read = await readState(backend, state);
    state = { ...read, problem: problem ?? read.problem };
    const { plans, total: _, ...facts } = storeFacts(mirror, state);
    const age = facts.claims.length > 0 ? Math.floor(now() / MAX_AGE_MS) : 0;
    return {
      tag: age === 0 ? facts.mark : `${facts.mark}-${age}`,
      plans,
      facts: { ...facts, store: path.basename(store), location: store, now: now() },
    };
  }

  return [
    get({
      path: "/v1/view",
      summary: "All figures of a page: best configurations, shares of variance, maps, failures",
      query: viewQuery,
      answer: viewAnswer,
      isCompressed: true,
    }, async (query, { req }) => {
      const { tag, plans, facts } = await factsOf();
      const etag = `W/"${tag}"`;
      const type = { "content-type": "application/json" };
      const ask = (): Promise<string> => mirror.ask("view", query, facts, plans);
      if (facts.reading) {
        return new Response(await ask(), { headers: { ...type, "cache-control": "no-store" } });
      }
      const headers = { etag, "cache-control": "no-cache" };
      const known = (req.header("if-none-match") ?? "").split(",").map((each) => each.trim());
      if (known.includes(etag)) return new Response(null, { status: 304, headers });
      const text = facts.problem === null
        ? await cache.get(JSON.stringify(query), ask, tag)
        : await ask();
      return new Response(text, { headers: { ...headers, ...type } });
    }),
  ];
}

function isLarge(reading: Reading | null): boolean {
  return reading !== null && Math.max(reading.rows, reading.of ?? 0) > MANY_ROWS;
}
