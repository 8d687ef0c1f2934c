import { z } from "zod";
import { type Figure, FIGURES } from "../../figures/report/report_svg.ts";
import type * as view from "../../figures/view.ts";

const count = z.int().min(0);
const counts = z.array(count);
const text = z.string();
const texts = z.array(text);
const name = z.string().max(10_000);
const number = z.number().nullable();
const numbers = z.array(z.number());
const someNumbers = z.array(number);
const better = z.enum(["lower", "higher"]);
const agg = z.enum(["mean", "median", "best", "worst", "sd", "n", "took", "done"]);

const queryFields = {
  metric: name.exactOptional().describe("A result, or `took`. Default: the first that varies."),
  better: better.exactOptional().describe("Default: by the words in the metric's name."),
  over: name.exactOptional()
    .describe(
      "The params to average over, with commas between. Default: seeds, folds and the like.",
    ),
  where: name.exactOptional().describe("Which runs, as in `stet ls --where`. Default: all."),
  x: name.exactOptional().describe("The axes of the heat map. Default: by the shares of variance."),
  y: name.exactOptional(),
  z: name.exactOptional().describe("The param of small multiples; empty: none."),
  agg: agg.exactOptional().describe("The number of a cell of the heat map. Default: mean."),
  other: name.exactOptional().describe("The second metric of the trade-off."),
  row: name.exactOptional().describe("The params down and across the matrix of texts."),
  column: name.exactOptional(),
  text: name.exactOptional().describe("The text of that matrix, a result."),
  namespace: name.exactOptional(),
};

/** The query of `GET /v1/view`. */
export const viewQuery: z.ZodType<view.ViewQuery> = z.strictObject(queryFields);

/** The query of `GET /v1/figure.svg`. */
export const figureQuery: z.ZodType<FigureQuery> = z.strictObject({
  ...queryFields,
  kind: z.enum(FIGURES).describe("The figure."),
  width: z.coerce.number().int().min(280).max(2400).default(720).describe("In pixels."),
});

/** A figure of a view. */
export interface FigureQuery extends view.ViewQuery {
  readonly kind: Figure;
  readonly width: number;
}

const named: z.ZodType<view.Named> = z.strictObject({ name: text, value: text });

const viewAxis: z.ZodType<view.ViewAxis> = z.strictObject({
  name: text,
  label: text,
  kind: z.enum(["numbers", "ranges", "texts"]),
  log: z.boolean(),
  parts: z.array(z.strictObject({
    label: text,
    where: text.nullable(),
    number: z.number().exactOptional(),
  })),
  left_out: z.strictObject({ values: count, rows: count }),
}).meta({ id: "ViewAxis" });

const progress: z.ZodType<view.ViewProgress> = z.strictObject({
  store: text,
  location: text,
  done: count.describe("Combinations that are done, or all runs if none are planned."),
  others: count.describe("Runs outside of those planned."),
  failed: count,
  other_failed: count.describe("Failures outside of those planned."),
  running: count,
  planned: count.nullable(),
  planned_from: z.enum(["grid", "plan", "values"]).nullable(),
  reading: z.strictObject({ rows: count, of: count.nullable() }).nullable(),
  per_second: number,
  left_seconds: number,
  first_run: text.nullable(),
  last_run: text.nullable(),
  took_seconds: z.number(),
  command: text.nullable(),
  problem: text.nullable(),
});

const metric: z.ZodType<view.Metric> = z.strictObject({
  name: text,
  label: text,
  better,
  numbers: count,
  left_out: count,
  constant: number,
}).meta({ id: "Metric" });

const choices: z.ZodType<view.Choices> = z.strictObject({
  metrics: z.array(metric),
  metric: metric.nullable(),
  other: metric.nullable(),
  better,
  better_from: z.enum(["query", "name", "default"]),
  params: z.array(z.strictObject({
    name: text,
    label: text,
    values: count,
    numeric: z.boolean(),
    constant: text.nullable(),
  })),
  over: texts,
  texts,
  namespaces: texts,
  namespace: text.nullable(),
  where: text,
  agg,
});

const best: z.ZodType<view.Best> = z.strictObject({
  params: texts,
  rows: z.array(z.strictObject({
    values: texts,
    where: text.nullable(),
    mean: z.number(),
    sd: number,
    least: z.number(),
    most: z.number(),
    n: count,
    failed: count,
    planned: count.nullable(),
    took: number,
    few: z.boolean(),
  })),
  configurations: count,
  ties: count,
  luck: z.strictObject({
    value: z.number(),
    params: z.array(named),
    replicate: z.array(named),
    place: count,
  }).nullable(),
});

const matters: z.ZodType<view.Matters> = z.strictObject({
  shares: z.array(z.strictObject({ names: texts, share: z.number() })),
  higher: z.number(),
  noise: number,
  configurations: count,
  of: count,
  exact: z.boolean(),
});

const effect: z.ZodType<view.Effect> = z.strictObject({
  axis: viewAxis,
  share: number,
  mean: someNumbers,
  low: someNumbers,
  high: someNumbers,
  best: someNumbers,
  n: numbers,
});

const heat: z.ZodType<view.Heat> = z.strictObject({
  x: viewAxis,
  y: viewAxis.nullable(),
  z: viewAxis.nullable(),
  agg,
  lower: z.boolean().nullable(),
  cells: z.strictObject({
    x: numbers,
    y: numbers,
    z: numbers,
    value: someNumbers,
    n: numbers,
    failed: numbers,
    running: numbers,
  }),
  best: z.int().min(-1),
});

const evals: z.ZodType<view.Evals> = z.strictObject({
  text,
  row: viewAxis,
  column: viewAxis.nullable(),
  others: z.array(named),
  cells: z.array(z.strictObject({
    row: count,
    column: count,
    n: count,
    failed: count,
    value: number,
    output: text,
    cut: z.boolean(),
    like: z.boolean(),
    where: text.nullable(),
  })),
});

const configurations: z.ZodType<view.Configurations> = z.strictObject({
  axes: z.array(viewAxis),
  parts: z.array(numbers),
  mean: numbers,
  other: someNumbers.nullable(),
  n: numbers,
  total: count,
  front: numbers.nullable(),
  histogram: z.strictObject({ least: z.number(), most: z.number(), counts: numbers }),
});

const failureGroup: z.ZodType<view.FailureGroup> = z.strictObject({
  kind: text,
  line: text,
  count,
  first: text,
  last: text,
  concentrated: z.array(z.strictObject({ name: text, value: text, count, of: count })),
  runs: z.array(z.strictObject({
    params: z.array(named),
    time: text,
    attempt: count,
    stack: text,
    key: text,
  })),
});

const runningRun: z.ZodType<view.RunningRun> = z.strictObject({
  params: z.array(named),
  holder: text,
  key: text,
  since: text.nullable(),
  usual_seconds: number,
  slow: z.boolean(),
});

/** The figures of a store. */
export const viewAnswer: z.ZodType<view.View> = z.strictObject({
  mark: text.describe("Changes with every change of the store."),
  progress,
  rows: count.describe("The number of runs that fulfil the condition."),
  choices,
  best: best.nullable(),
  matters: matters.nullable(),
  effects: z.array(effect),
  heat: heat.nullable(),
  evals: evals.nullable(),
  configurations: configurations.nullable(),
  failures: z.array(failureGroup),
  running: z.array(runningRun),
  shards: z.strictObject({ planned: counts, done: counts, failed: counts, running: counts })
    .nullable(),
  over_time: z.strictObject({
    start: z.number(),
    interval_seconds: z.number(),
    done: numbers,
    failed: numbers,
    best: z.array(z.strictObject({ run: count, value: z.number() })),
  }).nullable(),
  notes: texts,
}).meta({ id: "View" });
