import { z } from "zod";
import type { ClusterStatus } from "../../mod.ts";
import { factsMark, storeFacts } from "../../figures/data/store_facts.ts";
import type { ServerDeps } from "../deps.ts";
import { askWithFacts } from "../figures/ask_with_facts.ts";
import { FigureCache } from "../figures/figure_cache.ts";
import { cluster as clusterAnswer, progress } from "../figures/figures_schemas.ts";
import { get, type Route } from "./route.ts";

/** For how long progress stays the same without an event, in milliseconds: its rate falls. */
const MAX_AGE_MS = 5000;

/** Routes for progress and workers. */
export function figuresRoutes({ backend, figures, store, cluster, now }: ServerDeps): Route[] {
  const cache = new FigureCache(figures);
  let read: { readonly time: number; readonly status: Promise<ClusterStatus> } | undefined;
  const noQuery = z.strictObject({});

  return [
    get({
      path: "/v1/progress",
      summary: "How far the work has come: counts, rate, and time left of the grid",
      query: noQuery,
      answer: progress,
    }, async () => {
      const facts = await storeFacts(backend, store, now());
      const state = `${factsMark(facts)} ${Math.floor(facts.now / MAX_AGE_MS)}`;
      return await cache.get(
        "progress",
        () => askWithFacts(facts, (sent) => figures.ask("progress", sent)),
        state,
      );
    }),
    get({
      path: "/v1/workers",
      summary:
        "The workers of a cluster within the last hour, and the runs that wait in its queues",
      query: noQuery,
      answer: clusterAnswer,
    }, async () => {
      if (!cluster) return { workers: [], queues: [] };
      if (!read || now() - read.time >= MAX_AGE_MS) read = { time: now(), status: cluster() };
      return await read.status;
    }),
  ];
}
