import { z } from "zod";

const name = z.string().min(1).max(1000);
const where = z.string().max(10_000).exactOptional()
  .describe("Which rows, as in `stet ls --where`. Default: all.");

/** `GET /v1/heatmap`. */
export const heatmapRequest = z.strictObject({
  x: name.describe("The column across."),
  y: name.exactOptional().describe("The column down. Default: one line."),
  color: name.describe(
    "`done` (how many keys), `duration` (mean seconds), or a column (its mean).",
  ),
  where,
});

/** `GET /v1/timeline`. */
export const timelineRequest = z.strictObject({
  seconds: z.coerce.number().min(1).max(1e12).exactOptional()
    .describe("How far back. Default: to the first run."),
});

/** `GET /v1/slowest`. */
export const slowestRequest = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(10),
  where,
});
