import { displayWidth, padText } from "../../core/display/display_width.ts";
import { numberAxis } from "../draw/axes.js";
import { metricText, partLabels } from "../draw/numbers.js";
import { domainOf, partPlaces } from "../draw/scales.js";
import type { Effect, Heat, ViewAxis } from "../view.ts";
import { Braille } from "./braille.ts";
import { fitCells } from "./fit_cells.ts";
import { flowing } from "./flowing.ts";
import { intervalText } from "./interval_text.ts";
import type { TerminalOptions } from "./paint.ts";

const HEIGHT = 14;
const MAX_WIDTH = 100;
const MAX_SERIES = 8;
/** Colours of the series, as far apart for colour-blind people as eight can be (Okabe and Ito). */
const COLORS = [
  "#3d8fd9",
  "#e69f00",
  "#009e73",
  "#d55e00",
  "#cc79a7",
  "#56b4e9",
  "#b8a600",
  "#888888",
];

interface Options extends TerminalOptions {
  readonly metric: string;
}

/** A line is drawn from so many values. */
const MIN_LINE = 4;

/** Returns the metric by a param: a braille line with its band, or a glyph for each text or of few numbers. */
export function effectLines(effect: Effect, { width, paint, metric }: Options): string[] {
  const domain = domainOf([...effect.mean, ...effect.low, ...effect.high]);
  if (domain === null) return [];
  const hasBand = effect.low.some((low, i) => low !== null && low !== effect.high[i]);
  const caption = (mean: string, band: string): string[] => [
    paint.dim(
      fitCells(`${mean} mean${hasBand ? `, ${band} middle 80 % of configurations` : ""}`, width),
    ),
  ];
  if (effect.axis.kind === "texts" || effect.axis.parts.length < MIN_LINE) {
    return [...glyphLines(effect, domain, { width, paint, metric }), ...caption("●", "━")];
  }
  const { canvas, lines, x, y } = plot(effect.axis, domain, { width, paint, metric });
  const outline = (values: readonly (number | null)[]): void => connect(canvas, x, y, values, 3);
  outline(effect.low);
  outline(effect.high);
  connect(canvas, x, y, effect.mean, 1);
  return [
    ...lines(canvas.lines().map((it) => paint.colored(it, COLORS[5]!))),
    ...caption("line:", "dots:"),
  ];
}

/** Returns the metric by the x of a heat map, one line for each value of its y, named by letters. */
export function seriesLines(heat: Heat, options: Options): string[] {
  const { paint } = options;
  const axis = heat.y;
  const domain = domainOf(heat.cells.value);
  if (axis === null || domain === null) return [];
  const count = Math.min(axis.parts.length, MAX_SERIES);
  const { canvas, lines, x, y, columns } = plot(heat.x, domain, options);
  const rows = Array.from({ length: HEIGHT }, () => Array<string>(columns).fill(" "));
  const empty = canvas.lines();
  for (let s = 0; s < count; s++) {
    const values = heat.x.parts.map((_, at) => {
      const i = heat.cells.x.findIndex((it, i) => it === at && heat.cells.y[i] === s);
      return heat.cells.value[i] ?? null;
    });
    const own = new Braille(columns, HEIGHT);
    connect(own, x, y, values, 1);
    own.lines().forEach((line, row) =>
      [...line].forEach((character, column) => {
        if (character !== " ") rows[row]![column] = paint.colored(character, COLORS[s]!);
      })
    );
    // Letters tell lines apart without colours.
    values.forEach((value, at) => {
      if (value === null) return;
      const [column, row] = [x[at]! >> 1, Math.round(y(value)) >> 2];
      rows[Math.min(Math.max(row, 0), HEIGHT - 1)]![Math.min(Math.max(column, 0), columns - 1)] =
        paint.bold(
          paint.colored(letter(s), COLORS[s]!),
        );
    });
  }
  const legend = partLabels(axis).slice(0, count).map((name, s) =>
    `${paint.colored(letter(s), COLORS[s]!)} ${fitCells(name, 40)}`
  );
  const more = axis.parts.length > count ? ` (the first ${count} of ${axis.parts.length})` : "";
  return [
    ...lines(empty.map((_, i) => rows[i]!.join(""))),
    ...flowing([`${fitCells(axis.label, 30)}:`, ...legend, more.trim()], options.width),
  ];
}

function letter(s: number): string {
  return String.fromCharCode(97 + s);
}

function connect(
  canvas: Braille,
  x: readonly number[],
  y: (number: number) => number,
  values: readonly (number | null)[],
  step: number,
): void {
  let before: readonly [number, number] | undefined;
  values.forEach((value, i) => {
    if (value === null || !Number.isFinite(value)) return;
    const here = [x[i]!, y(value)] as const;
    canvas.line(...(before ?? here), ...here, step);
    before = here;
  });
}

/** Returns an empty plot: a canvas, its scales, and the lines around it. */
function plot(
  axis: ViewAxis,
  domain: readonly [number, number],
  { width, paint, metric }: Options,
): {
  readonly canvas: Braille;
  readonly columns: number;
  readonly x: readonly number[];
  y(number: number): number;
  lines(drawn: readonly string[]): string[];
} {
  const ticks = numberAxis(domain, [HEIGHT * 4 - 1, 0], metric, 14);
  const left = Math.max(0, ...ticks.texts.map(displayWidth));
  const columns = Math.max(Math.min(width, MAX_WIDTH) - left - 3, 10);
  const x = partPlaces(axis, [0, columns * 2 - 1]).map(Math.round);
  return {
    canvas: new Braille(columns, HEIGHT),
    columns,
    x,
    y: ticks.scale,
    lines(drawn): string[] {
      const rows = drawn.map((line, row) => {
        const tick = ticks.values.findIndex((it) => Math.round(ticks.scale(it)) >> 2 === row);
        const number = padText(tick < 0 ? "" : ticks.texts[tick]!, left, "start");
        return `${paint.dim(`${number} ${tick < 0 ? "│" : "┤"}`)}${line}`.trimEnd();
      });
      const labels = partLabels(axis);
      let below = "";
      labels.forEach((text, i) => {
        const own = displayWidth(text);
        const start = Math.max(Math.min((x[i]! >> 1) - (own >> 1), columns - own), 0);
        if (start < displayWidth(below) + (below === "" ? 0 : 2)) return;
        below = padText(below, start) + text;
      });
      const indent = " ".repeat(left + 2);
      return [
        ...rows,
        paint.dim(`${" ".repeat(left)} └${"─".repeat(columns)}`),
        `${indent}${below}`,
        `${indent}${paint.dim(fitCells(axis.label, columns))}`,
      ];
    },
  };
}

function glyphLines(
  { axis, mean, low, high, n }: Effect,
  domain: readonly [number, number],
  { width, paint, metric }: Options,
): string[] {
  const text = metricText(metric, mean);
  const numbers = mean.map((it) => it === null || !Number.isFinite(it) ? "" : text(it));
  const labels = partLabels(axis).map((it) => fitCells(it, Math.floor(width * 0.4)));
  const left = Math.max(displayWidth(fitCells(axis.label, 30)), ...labels.map(displayWidth));
  const middle = Math.max(displayWidth(fitCells(metric, 20)), ...numbers.map(displayWidth));
  const room = Math.max(Math.min(width - left - middle - 4, 48), 10);
  const rows = labels.map((label, i) => {
    const [value, from, to] = [mean[i], low[i], high[i]];
    const hasBand = typeof from === "number" && typeof to === "number" && from !== to;
    const drawn = typeof value !== "number" || (n[i] ?? 0) === 0
      ? ""
      : intervalText({ thin: null, thick: hasBand ? [from, to] : null, dot: value }, domain, room);
    return `${padText(label, left, "start")}  ${
      paint.bold(padText(numbers[i]!, middle, "start"))
    }  ${paint.colored(drawn, COLORS[5]!)}`.trimEnd();
  });
  return [
    paint.dim(
      `${padText(fitCells(axis.label, 30), left, "start")}  ${
        padText(fitCells(metric, 20), middle, "start")
      }`,
    ),
    ...rows,
  ];
}
