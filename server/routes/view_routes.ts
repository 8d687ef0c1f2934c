import { createHash } from "node:crypto";
import { factsMark, storeFacts } from "../../figures/data/store_facts.ts";
import type { ViewFacts } from "../../figures/data/view_facts.ts";
import { figureSvg } from "../../figures/report/report_svg.ts";
import type { ViewQuery } from "../../figures/view.ts";
import type { ServerDeps } from "../deps.ts";
import { FigureCache } from "../figures/figure_cache.ts";
import { figureQuery, viewAnswer, viewQuery } from "../figures/view_schemas.ts";
import { ProblemError } from "./problem.ts";
import { get, type Route } from "./route.ts";

/** For how long a view with runs under way stays the same without a change, in milliseconds. */
const MAX_AGE_MS = 5000;

/** Returns the routes of all figures of a page, and of one. */
export function viewRoutes({ backend, mirror, store, now }: ServerDeps): Route[] {
  const cache = new FigureCache(mirror);

  async function factsOf(cursor: string): Promise<ViewFacts> {
    const facts = await storeFacts(backend, store, now());
    const age = facts.claims.length > 0 ? Math.floor(facts.now / MAX_AGE_MS) : 0;
    const state = `${mirror.generation} ${cursor} ${age} ${factsMark(facts)}`;
    const mark = createHash("sha256").update(state).digest("base64url").slice(0, 16);
    return { ...facts, mark };
  }

  /** Returns the view as JSON text. */
  async function viewText(query: ViewQuery, facts: Omit<ViewFacts, "plan">): Promise<string> {
    return await cache.get(
      JSON.stringify(query),
      () => mirror.ask("view", query, facts),
      facts.mark,
    );
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
      const text = await viewText(query, facts);
      return new Response(text, { headers: { ...headers, "content-type": "application/json" } });
    }),
    get({
      path: "/v1/figure.svg",
      summary: "One figure of a view as an SVG file",
      query: figureQuery,
      media: ["image/svg+xml"],
      problems: [404],
      isCompressed: true,
    }, async ({ kind, width, ...query }) => {
      const facts = await factsOf(await mirror.catchUp());
      const svg = figureSvg(JSON.parse(await viewText(query, facts)), kind, width);
      if (svg === undefined) throw new ProblemError(404, `the store has no figure "${kind}"`);
      return new Response(svg, { headers: { "content-type": "image/svg+xml" } });
    }),
  ];
}
