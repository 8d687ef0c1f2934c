import { createHash } from "node:crypto";
import { factsMark, storeFacts } from "../../figures/data/store_facts.ts";
import type { ViewFacts } from "../../figures/data/view_facts.ts";
import type { ServerDeps } from "../deps.ts";
import { FigureCache } from "../figures/figure_cache.ts";
import { viewAnswer, viewQuery } from "../figures/view_schemas.ts";
import { get, type Route } from "./route.ts";

/** For how long a view with runs under way stays the same without a change, in milliseconds. */
const MAX_AGE_MS = 5000;

/** Returns the route of all figures of a page. */
export function viewRoutes({ backend, mirror, store, now }: ServerDeps): Route[] {
  const cache = new FigureCache(mirror);

  async function factsOf(cursor: string): Promise<ViewFacts> {
    const facts = await storeFacts(backend, store, now());
    const age = facts.claims.length > 0 ? Math.floor(facts.now / MAX_AGE_MS) : 0;
    const state = `${mirror.generation} ${cursor} ${age} ${factsMark(facts)}`;
    const mark = createHash("sha256").update(state).digest("base64url").slice(0, 16);
    return { ...facts, mark };
  }

  return [
    get({
      path: "/v1/view",
      summary: "All figures of a page: best configurations, shares of variance, maps, failures",
      query: viewQuery,
      answer: viewAnswer,
      isCompressed: true,
    }, async (query, { req }) => {
      const facts = await factsOf(await mirror.catchUp());
      const etag = `W/"${facts.mark}"`;
      const headers = { etag, "cache-control": "no-cache" };
      const known = (req.header("if-none-match") ?? "").split(",").map((each) => each.trim());
      if (known.includes(etag)) return new Response(null, { status: 304, headers });
      const text = await cache.get(
        JSON.stringify(query),
        () => mirror.ask("view", query, facts),
        facts.mark,
      );
      return new Response(text, { headers: { ...headers, "content-type": "application/json" } });
    }),
  ];
}
