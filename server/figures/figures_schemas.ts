import { z } from "zod";
import type { ClusterStatus } from "../../mod.ts";

const count = z.int().min(0);

const gridProgress = z.strictObject({
  total: count,
  done: count,
  from: z.enum(["grid", "plan", "values"]).describe(
    "grid: `-g` of the sidecar. plan: the newest sweep of each namespace noted its combinations. " +
      "values: every value seen of a param with every value of the others.",
  ),
  inferred: z.boolean().describe("True if it is from values."),
  left_seconds: z.number().nullable().describe("Null if nothing runs, or the rate is not known."),
});

/** How far the work has come. */
export const progress = z.strictObject({
  store: z.string(),
  command: z.string().nullable().describe("The command of the newest sweep, without secrets."),
  rows: count,
  done: count.describe("The number of keys that are done, each counted once."),
  failed: count,
  running: count,
  rate_per_second: z.number().nullable()
    .describe("Runs that end per second at present; null if too few ended of late."),
  mean_seconds: z.number().nullable().describe("The mean duration of the newest runs."),
  first_run: z.string().nullable(),
  last_run: z.string().nullable(),
  grid: gridProgress.nullable()
    .describe("The combinations wanted; null if they are not known."),
});

export type Progress = z.infer<typeof progress>;

/** The workers of a cluster, and its queues. */
export const cluster: z.ZodType<ClusterStatus> = z.strictObject({
  workers: z.array(z.strictObject({
    host: z.string(),
    pid: count,
    label: z.string(),
    since: z.string(),
    state: z.literal(["working", "ended", "lost"]),
    ran: count,
    failed: count,
    perSecond: z.number().min(0),
  })),
  queues: z.array(z.strictObject({ name: z.string(), waiting: count, active: count })),
});
