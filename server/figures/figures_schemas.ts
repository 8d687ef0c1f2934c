import { z } from "zod";
import type { ClusterStatus } from "../../mod.ts";

const columnName = z.string().min(1).max(1000);
const where = z.string().max(10_000).exactOptional()
  .describe("Which rows, as in `stet ls --where`. Default: all.");
const count = z.int().min(0);

/** The query of `GET /v1/heatmap`. */
export const heatmapQuery = z.strictObject({
  x: columnName.describe("The column across."),
  y: columnName.exactOptional().describe("The column down. Default: one line."),
  color: columnName.describe(
    "`done` (how many keys), `duration` (mean seconds), or a column (its mean).",
  ),
  where,
});

/** The query of `GET /v1/timeline`. */
export const timelineQuery = z.strictObject({
  seconds: z.coerce.number().min(1).max(1e12).exactOptional()
    .describe("How far back. Default: to the first run."),
});

/** The query of `GET /v1/slowest`. */
export const slowestQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(10),
  where,
});

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

/** The contents of one column. */
export const columnFigures = z.strictObject({
  name: z.string(),
  role: z.enum(["param", "result", "detail"]),
  nulls: count,
  booleans: count,
  numbers: count,
  texts: count,
  others: count.describe("Arrays and objects."),
  absent: count,
  distinct: count.nullable()
    .describe("The number of different values of a param; null for other columns."),
});

const axis = z.strictObject({
  column: z.string(),
  parts: z.array(z.strictObject({
    label: z.string().describe("The value as cell text, or both ends of a range."),
    where: z.string().nullable()
      .describe("The condition that its rows fulfil; null if no condition can say it."),
    from: z.number().exactOptional().describe("The lower end of a range."),
  })),
  left_out: z.strictObject({ values: count, rows: count })
    .describe("The number of values, and of rows, without a part."),
});

/** The rows of a store by two params. */
export const heatmap = z.strictObject({
  x: axis,
  y: axis.nullable(),
  color: z.string(),
  cells: z.array(z.strictObject({
    x: count,
    y: count,
    count: count.describe("The number of keys, or of numbers, in the cell."),
    value: z.number().nullable().describe("The count, or the mean; null if no row has a number."),
    least: z.number().nullable(),
    most: z.number().nullable(),
  })).describe("The cells that have a row, by the numbers of the parts."),
});

/** The number of runs that ended in each interval of time. */
export const timeline = z.strictObject({
  start: z.number().nullable()
    .describe("The start of the first interval in seconds since 1970; null if no run ended."),
  bucket_seconds: z.number().describe("The length of an interval."),
  done: z.array(count),
  failed: z.array(count),
});

export type HeatmapQuery = z.infer<typeof heatmapQuery>;
export type GridProgress = z.infer<typeof gridProgress>;
export type Progress = z.infer<typeof progress>;
export type ColumnFigures = z.infer<typeof columnFigures>;
export type Axis = z.infer<typeof axis>;
export type Heatmap = z.infer<typeof heatmap>;
export type Timeline = z.infer<typeof timeline>;

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
