import type { FailureGroup, View, ViewAxis } from "../view.ts";
import { heatTitle } from "../draw/draw_heat.js";
import { shareBars } from "../draw/draw_shares.js";
import { dayTimeText } from "../draw/draw_over_time.js";

/** The data of a figure: names of columns, and values as text or numbers. */
export interface DataTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** Returns the data of the best configurations. */
export function bestData({ best }: View): DataTable {
  const rows = best?.rows ?? [];
  return {
    columns: [...best?.params ?? [], "mean", "sd", "least", "most", "n", "failed", "took (s)"],
    rows: rows.map(({ values, mean, sd, least, most, n, failed, took }) => [
      ...values,
      mean,
      sd,
      least,
      most,
      n,
      failed,
      took,
    ]),
  };
}

/** Returns the shares of variance. */
export function mattersData({ matters, choices }: View): DataTable {
  const bars = matters === null ? [] : shareBars(matters, choices.over);
  return { columns: ["what", "share"], rows: bars.map(({ name, share }) => [name, share]) };
}

/** Returns the effects of all params in one table. */
export function effectsData({ effects }: View): DataTable {
  return {
    columns: ["param", "value", "mean", "10 %", "90 %", "best", "configurations"],
    rows: effects.flatMap(({ axis, mean, low, high, best, n }) =>
      axis.parts.map(({ label }, i) => [
        axis.label,
        label,
        mean[i] ?? null,
        low[i] ?? null,
        high[i] ?? null,
        best[i] ?? null,
        n[i] ?? 0,
      ])
    ),
  };
}

/** Returns the cells of the heat map, one a row. */
export function heatData({ heat, choices }: View): DataTable {
  if (heat === null) return { columns: [], rows: [] };
  const { cells } = heat;
  const axes: readonly (readonly [ViewAxis, readonly number[]])[] = [
    [heat.x, cells.x],
    ...heat.y === null ? [] : [[heat.y, cells.y] as const],
    ...heat.z === null ? [] : [[heat.z, cells.z] as const],
  ];
  return {
    columns: [
      ...axes.map(([{ label }]) => label),
      heatTitle(heat, choices.metric?.label ?? ""),
      "runs",
      "failed",
      "running",
    ],
    rows: cells.value.map((value, i) => [
      ...axes.map(([axis, parts]) => axis.parts[parts[i] ?? -1]?.label ?? ""),
      value,
      cells.n[i] ?? 0,
      cells.failed[i] ?? 0,
      cells.running[i] ?? 0,
    ]),
  };
}

/** Returns the configurations that are drawn, the best first. */
export function configurationsData({ configurations, choices }: View): DataTable {
  if (configurations === null) return { columns: [], rows: [] };
  const { axes, parts, mean, other, n } = configurations;
  const order = mean.map((_, i) => i).sort((a, b) =>
    (mean[a]! - mean[b]!) * (choices.better === "lower" ? 1 : -1)
  );
  return {
    columns: [
      ...axes.map(({ label }) => label),
      choices.metric?.label ?? "",
      ...other === null ? [] : [choices.other?.label ?? "other"],
      "runs",
    ],
    rows: order.map((i) => [
      ...axes.map((axis, a) => axis.parts[parts[a]?.[i] ?? -1]?.label ?? ""),
      mean[i]!,
      ...other === null ? [] : [other[i] ?? null],
      n[i] ?? 0,
    ]),
  };
}

/** Returns the runs that ended by time. */
export function overTimeData({ over_time }: View): DataTable {
  if (over_time === null) return { columns: [], rows: [] };
  const { start, interval_seconds, done, failed } = over_time;
  return {
    columns: ["from (UTC)", "done", "failed"],
    rows: done.map((
      count,
      i,
    ) => [dayTimeText(start + i * interval_seconds), count, failed[i] ?? 0]),
  };
}

/** Returns the words of the params that concentrate a group of failures: `lr = 1 (336 of 420)`. */
export function concentratedWords({ concentrated }: FailureGroup): string {
  return concentrated.map(({ name, value, count, of }) => `${name} = ${value} (${count} of ${of})`)
    .join(", ");
}
