import { z } from "zod";
import { keyParams } from "../../core/keys/key.ts";
import { newestPlan, type SweepPlan } from "../../core/contract/sweep_plan.ts";
import type { ClusterStatus } from "../../mod.ts";
import type { ServerDeps } from "../deps.ts";
import { FigureCache } from "../figures/figure_cache.ts";
import * as figures from "../figures/figures_schemas.ts";
import { get, type Route } from "./route.ts";
import { row, text } from "./schemas.ts";

/** For how long progress stays the same without an event, in milliseconds: its rate falls. */
const MAX_AGE_MS = 5000;

/** Routes for figures, which are SQL aggregates over the mirror. */
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
      path: "/v1/kinds",
      summary: "The kinds of values in each column",
      query: noQuery,
      answer: z.strictObject({ columns: z.array(figures.columnFigures) }),
    }, () => cache.get("kinds", () => mirror.ask("kinds"))),
    get(
      {
        path: "/v1/heatmap",
        summary: "The rows by two columns: how many keys, or the mean of a third",
        query: figures.heatmapQuery,
        answer: figures.heatmap,
      },
      (query) => cache.get(`heatmap ${JSON.stringify(query)}`, () => mirror.ask("heatmap", query)),
    ),
    get({
      path: "/v1/timeline",
      summary: "The number of runs that ended in each interval of time",
      query: figures.timelineQuery,
      answer: figures.timeline,
    }, async ({ seconds }) => {
      const failures = (await backend.failures()).map(({ time }) => Date.parse(time) / 1000);
      const age = seconds === undefined ? "" : Math.floor(now() / MAX_AGE_MS);
      return await cache.get(
        `timeline ${seconds}`,
        () => mirror.ask("timeline", failures, now() / 1000, seconds),
        `${failures.length} ${failures.at(-1)} ${age}`,
      );
    }),
    get({
      path: "/v1/slowest",
      summary: "The runs that took longest",
      query: figures.slowestQuery,
      answer: z.strictObject({ rows: z.array(row) }),
    }, async ({ limit, where }) => {
      await mirror.catchUp();
      return await mirror.ask("slowest", limit, where);
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
