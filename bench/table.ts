import type { Measurement, Target } from "./measure.ts";

/** A measurement, and of what kind of store it is. */
export interface Line extends Measurement {
  /** The group that made it. */
  readonly group: string;
  readonly format: string;
}

/** The ratio of what stet takes to the raw limit; undefined without one. */
export function ratioOf({ stet, raw }: Measurement): number | undefined {
  return raw && stet / raw.value;
}

/** Returns true if the target is met; undefined without one. */
export function isMet(measurement: Measurement): boolean | undefined {
  const { target, stet } = measurement;
  if (!target) return undefined;
  const value = target.of === "value" ? stet : ratioOf(measurement)!;
  return target.is === "≤" ? value <= target.limit : value >= target.limit;
}

/** Measurements as an aligned table. */
export function tableOf(measurements: readonly Line[]): string {
  const lines = [
    ["", "format", "rows", "stet", "raw", "ratio", "target", "", "raw is"],
    ...measurements.map(cellsOf),
  ];
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((cells) => cells[i]!.length)));
  return lines.map((cells) =>
    cells.map((cell, i) => i > 1 && i < 7 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))
      .join("  ").trimEnd()
  ).join("\n");
}

function cellsOf(measurement: Line): string[] {
  const { what, format, rows, unit, stet, raw, target } = measurement;
  const met = isMet(measurement);
  return [
    what,
    format,
    rows.toLocaleString("en"),
    quantity(stet, unit),
    raw ? quantity(raw.value, unit) : "",
    ratioOf(measurement)?.toFixed(2) ?? "",
    target ? targetText(target, unit) : "",
    met === undefined ? "" : met ? "met" : "MISSED",
    raw?.what ?? "",
  ];
}

function quantity(value: number, unit: string): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
  return `${value.toLocaleString("en", { maximumFractionDigits: digits })} ${unit}`;
}

function targetText({ of, is, limit }: Target, unit: string): string {
  return of === "value" ? `${is} ${limit} ${unit}` : `${is} ${limit} × raw`;
}
