import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../core/errors.ts";
import type { ViewFacts } from "../../figures/data/view_facts.ts";
import { figureSvg } from "../../figures/report/report_svg.ts";
import type { ViewQuery } from "../../figures/view.ts";
import { BoundedMap } from "../bounded_map.ts";
import type { ServerDeps } from "../deps.ts";
import { askWithFacts } from "../figures/ask_with_facts.ts";
import { FigureCache } from "../figures/figure_cache.ts";
import { KnownFacts } from "../figures/known_facts.ts";
import { MAX_SILENCE_MS } from "../figures/silence.ts";
import { figureQuery, viewAnswer, viewQuery } from "../figures/view_schemas.ts";
import type { Reading } from "../figures/follower.ts";
import { ProblemError } from "./problem.ts";
import { get, type Route } from "./route.ts";

/** For how long a view with runs under way stays the same without a change, in milliseconds. */
const MAX_AGE_MS = 5000;
/** The number of rows from which a view does not wait for the copy of all of them. */
const MANY_ROWS = 20_000;
/** Minimum recompute interval of a view of a store that is being read, as a multiple of its cost. */
const EARLY_INTERVAL_FACTOR = 10;
/** The number of such views in the cache. */
const MAX_EARLY = 16;
/** The interval of looks at the copy, in milliseconds. */
const PAUSE_MS = 10;

/** Returns the routes of all figures of a page, and of one. */
export function viewRoutes({ backend, figures, store, now }: ServerDeps): Route[] {
  const cache = new FigureCache(figures);
  const known = new KnownFacts(backend, store, now);
  const early = new BoundedMap<{ readonly text: string; readonly until: number }>(MAX_EARLY);

  /** Returns the facts of a view. Of a store that cannot be read, its figures are the last ones. */
  async function factsNow(): Promise<ViewFacts> {
    const caughtUp = figures.catchUp().then(() => undefined, messageOf);
    let isCaughtUp: boolean;
    do {
      isCaughtUp = await Promise.race([caughtUp.then(() => true), sleep(PAUSE_MS, false)]);
    } while (!isCaughtUp && !isLarge(figures.reading) && figures.silence <= MAX_SILENCE_MS);
    await known.read();
    return known.of(figures, isCaughtUp ? await caughtUp : undefined);
  }

  /** Returns a view of the rows that have been read. Each would delay the reading of the others. */
  async function earlyText(name: string, compute: () => Promise<string>): Promise<string> {
    const found = early.get(name);
    const start = performance.now();
    if (found && start < found.until) return found.text;
    const text = await compute();
    const end = performance.now();
    const interval = Math.min(EARLY_INTERVAL_FACTOR * (end - start), MAX_AGE_MS);
    early.set(name, { text, until: end + interval });
    return text;
  }

  /** Returns the view as JSON text, and the tag of its state; none of a store that is being read. */
  async function viewText(
    query: ViewQuery,
    sent: readonly string[] = [],
  ): Promise<{ readonly text?: string; readonly etag?: string }> {
    const facts = await factsNow();
    const { mark, claims, reading, problem } = facts;
    const compute = (): Promise<string> =>
      askWithFacts(facts, (sent) => figures.ask("view", query, sent));
    if (problem !== null) return { text: await compute() };
    if (reading) return { text: await earlyText(JSON.stringify(query), compute) };
    const tag = claims.length > 0 ? `${mark}-${Math.floor(facts.now / MAX_AGE_MS)}` : mark;
    const etag = `W/"${tag}"`;
    if (sent.includes(etag)) return { etag };
    return { text: await cache.get(JSON.stringify(query), compute, tag), etag };
  }

  return [
    get({
      path: "/v1/view",
      summary: "All figures of a page: best configurations, shares of variance, maps, failures",
      query: viewQuery,
      answer: viewAnswer,
      isCompressed: true,
    }, async (query, { req }) => {
      const sent = (req.header("if-none-match") ?? "").split(",").map((each) => each.trim());
      const { text, etag } = await viewText(query, sent);
      const headers: Record<string, string> = etag
        ? { etag, "cache-control": "no-cache" }
        : { "cache-control": "no-store" };
      if (text === undefined) return new Response(null, { status: 304, headers });
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
      const { text = "" } = await viewText(query);
      const svg = figureSvg(JSON.parse(text), kind, width);
      if (svg === undefined) throw new ProblemError(404, `the store has no figure "${kind}"`);
      return new Response(svg, { headers: { "content-type": "image/svg+xml" } });
    }),
  ];
}

function isLarge(reading: Reading | null): boolean {
  return reading !== null && Math.max(reading.rows, reading.of ?? 0) > MANY_ROWS;
}
