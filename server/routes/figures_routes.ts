import { z } from "zod";
import { keyParams } from "../../core/keys/key.ts";
import { newestPlan, type SweepPlan } from "../../core/contract/sweep_plan.ts";
import type { ClusterStatus } from "../../mod.ts";
import type { ServerDeps } from "../deps.ts";
import { FigureCache } from "../figures/figure_cache.ts";
import * as figures from "../figures/figures_schemas.ts";
import { get, type Route } from "./route.ts";
import { text } from "./schemas.ts";

/** For how long progress stays the same without an event, in milliseconds: its rate falls. */
const MAX_AGE_MS = 5000;

/** Routes for progress and workers. */
export function figuresRoutes({ backend, mirror, store, cluster, now }: ServerDeps): Route[] {
  const cache = new FigureCache(mirror);
  let read: { readonly time: number; readonly status: Promise<ClusterStatus> } | undefined;
  const noQuery = z.strictObject({});

  return [
    get({
      path: "/v1/progress",
      summary: "How far the work has come: counts, rate, and time left of the grid",
      query: noQuery,
      answer: z.strictObject({
        store: text,
        command: text.nullable().describe("The command of the newest sweep, without secrets."),
        ...figures.progress.shape,
      }),
    }, async () => {
      const failures = await backend.failures();
      const held = await backend.held();
      const failed = failures.map(({ params }) => params);
      const plans = await backend.plans();
      const running = held.map(({ key }) => keyParams(key));
      const age = Math.floor(now() / MAX_AGE_MS);
      const state = [
        failures.length,
        failures.at(-1)?.time,
        held.length,
        held.at(-1)?.key,
        age,
        planMark(plans),
      ];
      return await cache.get("progress", async () => {
        const progress = await mirror.ask("progress", { failed, running }, now() / 1000, plans);
        const command = JSON.stringify(newestPlan(plans)?.command ?? null);
        return `{"store":${JSON.stringify(store)},"command":${command},${progress.slice(1)}`;
      }, state.join("\0"));
    }),
    get({
      path: "/v1/workers",
      summary:
        "The workers of a cluster within the last hour, and the runs that wait in its queues",
      query: noQuery,
      answer: figures.cluster,
    }, async () => {
      if (!cluster) return { workers: [], queues: [] };
      if (!read || now() - read.time >= MAX_AGE_MS) read = { time: now(), status: cluster() };
      return await read.status;
    }),
  ];
}

function planMark(plans: readonly SweepPlan[]): string {
  return plans.map(({ namespace, time, count }) => `${namespace} ${time} ${count}`).join();
}
