import { createHash } from "node:crypto";
import path from "node:path";
import { keyParams } from "../../core/keys/key.ts";
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

  /** Returns the facts of a view but for its rows. */
  async function factsOf(cursor: string): Promise<Omit<ViewFacts, "plan">> {
    const failures = await backend.failures();
    const held = await backend.held();
    const age = held.length > 0 ? Math.floor(now() / MAX_AGE_MS) : 0;
    const attempts = failures.reduce((sum, { attempt }) => sum + attempt, 0);
    const last = failures.at(-1)?.time;
    const keys = held.map(({ key }) => key);
    const state = [mirror.generation, cursor, failures.length, attempts, last, age, ...keys];
    return {
      mark: createHash("sha256").update(state.join("\0")).digest("base64url").slice(0, 16),
      store: path.basename(store),
      location: store,
      failures,
      claims: held.map(({ key, holder }) => ({ key, holder, params: keyParams(key), since: null })),
      command: null,
      now: now(),
      reading: null,
      problem: null,
    };
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
