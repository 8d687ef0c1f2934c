import { displayWidth, padText } from "../../core/display/display_width.ts";
import { heatColors } from "../draw/colors.js";
import { heatSteps, heatText } from "../draw/draw_heat.js";
import { columnText, partLabels } from "../draw/numbers.js";
import type { Heat } from "../view.ts";
import { fitCells } from "./fit_cells.ts";
import { flowing } from "./flowing.ts";
import type { TerminalOptions } from "./paint.ts";

/** Shades from worst to best. */
const SHADES = [" ", "░", "▒", "▓", "█"];

/**
 * Returns a heat map as lines: numbers on colours or with shades where they fit, else shades alone. The best cell is
 * in brackets, `!` marks failures, `·` a cell without a number.
 */
export function heatLines(
  heat: Heat,
  { width, paint, metric }: TerminalOptions & { readonly metric: string },
): string[] {
  const textsBy = (text: (number: number) => string): string[] =>
    heat.cells.value.map((value) => value === null || !Number.isFinite(value) ? "·" : text(value));
  const steps = heatSteps(heat);
  const xs = partLabels(heat.x);
  const ys = heat.y === null ? [""] : partLabels(heat.y);
  const left = Math.min(
    Math.max(0, ...ys.map((it) => displayWidth(fitCells(it, width)))),
    Math.floor(width * 0.3),
  );
  const room = width - left - 1;
  const widestOf = (texts: readonly string[]): number => Math.max(1, ...texts.map(displayWidth));
  const long = textsBy(heatText(heat, metric));
  const isLong = (widestOf(long) + 3) * xs.length > room && heat.agg === "mean" &&
    metric !== "took";
  const texts = isLong ? textsBy(columnText(heat.cells.value, 2)) : long;
  const widest = widestOf(texts);
  const wanted = Math.max(widest + 4, Math.min(Math.max(...xs.map(displayWidth)) + 1, 12));
  const hasNumbers = wanted * xs.length <= room || (widest + 3) * xs.length <= room;
  const own = hasNumbers
    ? Math.min(Math.max(Math.floor(room / Math.max(xs.length, 1)), widest + 3), wanted)
    : Math.max(Math.min(Math.floor(room / Math.max(xs.length, 1)), 3), 1);
  const shown = Math.min(xs.length, Math.floor(room / own));
  const panels = heat.z === null ? [0] : heat.z.parts.map((_, z) => z);
  const names = heat.z === null ? [] : partLabels(heat.z);
  const lines: string[] = [];
  for (const z of panels) {
    if (heat.z !== null) lines.push(paint.bold(fitCells(`${heat.z.label} = ${names[z]}`, width)));
    const at = new Map<string, number>();
    heat.cells.x.forEach((x, i) => {
      if (heat.z === null || heat.cells.z[i] === z) {
        at.set(`${x},${heat.y ? heat.cells.y[i] : 0}`, i);
      }
    });
    for (let y = ys.length - 1; y >= 0; y--) {
      const cells = Array.from({ length: shown }, (_, x) => {
        const i = at.get(`${x},${y}`);
        if (i === undefined) return " ".repeat(own);
        const isBest = i === heat.best;
        const hasFailed = (heat.cells.failed[i] ?? 0) > 0;
        const step = steps[i] ?? -1;
        const shade = step < 0 ? "·" : SHADES[Math.floor(step * SHADES.length / 9)]!;
        const [color, background] = heatColors(Math.max(step, 0));
        if (!hasNumbers) {
          const body = isBest
            ? "◆"
            : hasFailed
            ? "!"
            : paint.depth === "24bit" && step >= 0
            ? " "
            : shade;
          const cell = isBest || hasFailed ? padText(body, own) : body.repeat(own);
          return step < 0 ? cell : paint.filled(cell, color, background);
        }
        const number = `${texts[i]}${hasFailed ? "!" : ""}`;
        const body = isBest ? `[${number}]` : ` ${number} `;
        if (paint.depth === "24bit") {
          const padded = padText(body, own, "start");
          return step < 0 ? paint.dim(padded) : paint.filled(padded, color, background);
        }
        const padded = padText(`${body.trimEnd()}${step < 0 ? " " : shade}`, own, "start");
        return isBest ? paint.bold(padded) : padded;
      });
      lines.push(`${padText(fitCells(ys[y]!, left), left, "start")} ${cells.join("")}`.trimEnd());
    }
    lines.push(
      `${" ".repeat(left)} ${axisLine(xs.slice(0, shown), own, 1)}`
        .trimEnd(),
    );
  }
  const cut = shown < xs.length ? `, the first ${shown} of ${xs.length} values` : "";
  const y = heat.y === null ? "" : `${fitCells(heat.y.label, 30)} up, `;
  const best = heat.best === -1 ? "" : hasNumbers ? "; [ ] best" : "; ◆ best";
  const failed = heat.cells.failed.some((count) => count > 0) ? ", ! with failures" : "";
  lines.push(
    ...flowing(
      `${y}${fitCells(heat.x.label, 30)} across${cut}${best}${failed}`.split(" "),
      width,
      " ",
    )
      .map(paint.dim),
  );
  return lines;
}

/** Returns labels below columns, each to the right end of its column; those that do not fit are left out. */
function axisLine(labels: readonly string[], own: number, margin: number): string {
  let line = "";
  labels.forEach((text, i) => {
    const end = (i + 1) * own - margin;
    const room = Math.max(own - 1, 10);
    const [begin = ""] = text.split(" … ", 1);
    const shown = fitCells(displayWidth(text) <= room ? text : begin, room);
    const start = Math.max(end - displayWidth(shown), 0);
    if (start < displayWidth(line) + (line === "" ? 0 : 1)) return;
    line = padText(line, start) + shown;
  });
  return line;
}
