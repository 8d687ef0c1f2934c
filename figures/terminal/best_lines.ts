import { displayWidth, padText } from "../../core/display/display_width.ts";
import { bestTexts } from "../draw/draw_best.js";
import { intervalDomain } from "../draw/draw_interval.js";
import { numberText, shortValue } from "../draw/numbers.js";
import type { View } from "../view.ts";
import { fitCells } from "./fit_cells.ts";
import { intervalText } from "./interval_text.ts";
import type { TerminalOptions } from "./paint.ts";

const GAP = 2;
const MIN_GLYPH = 8;
const MAX_GLYPH = 32;

/** Texts above the glyphs: as wide as there is space. */
const LEGENDS = ["least ─ ± sd ━ mean ● ─ most", "least ─━●━─ most", "min ━●━ max", "± sd ━●━"];

/** A column of the table. */
interface Column {
  readonly head: string;
  texts: readonly string[];
  readonly isNumber: boolean;
  width: number;
}

/** A number with a fraction: the ends of one that is cut would say another. */
const FRACTION = /^[-−]?\d+\.\d+(e[-−]?\d+)?$/;

/** Returns the best configurations as a table with interval glyphs. Rows that are not told apart have a `┃`. */
export function bestLines(view: View, { width, paint }: TerminalOptions): string[] {
  const { best, choices } = view;
  if (best === null || best.rows.length === 0 || choices.metric === null) return [];
  const texts = bestTexts(best, choices.metric.label);
  const params = best.params.map((head, i) =>
    columnOf(
      fitCells(head, 30),
      best.rows.map(({ values }) => fitCells(shortValue(values[i] ?? ""), 80)),
      false,
    )
  );
  const numbers = [
    columnOf(fitCells(choices.metric.label, 20), texts.mean, true),
    columnOf("± sd", texts.sd, true),
    columnOf("runs", texts.n, true),
    ...choices.metric.name === "took" ? [] : [columnOf("took", texts.took, true)],
  ].filter(({ texts }) => texts.some((it) => it !== ""));
  const columns = [...params, ...numbers];
  const fixed = 2 + numbers.reduce((sum, it) => sum + it.width + GAP, 0);
  let room = width - fixed - params.reduce((sum, it) => sum + it.width + GAP, 0);
  if (room < MIN_GLYPH) {
    params.forEach(shorten);
    shrink(params, width - fixed - MIN_GLYPH - params.length * GAP);
    room = width - fixed - params.reduce((sum, it) => sum + it.width + GAP, 0);
  }
  const glyph = room >= MIN_GLYPH ? Math.min(room, MAX_GLYPH) : 0;
  const domain = intervalDomain(best.rows);
  const legend = best.rows.some(({ sd }) => sd !== null)
    ? LEGENDS.find((it) => it.length <= glyph)
    : "";
  const head = `  ${columns.map((it) => cell(it, it.head)).join("  ")}  ${legend ?? ""}`.trimEnd();
  const lines = best.rows.map((row, i) => {
    const isTie = i < best.ties && best.ties > 1;
    const { mean, sd, least, most } = row;
    const spread = sd ?? 0;
    const interval = {
      thin: [least, most] as const,
      thick: sd === null
        ? null
        : [Math.max(mean - spread, least), Math.min(mean + spread, most)] as const,
      dot: mean,
    };
    const drawn = glyph === 0 ? "" : intervalText(interval, domain, glyph);
    const cells = columns.map((it) => {
      const text = cell(it, it.texts[i] ?? "");
      return it === numbers[0] ? paint.bold(text) : row.few ? paint.dim(text) : text;
    }).join("  ");
    return `${isTie ? paint.colored("┃", "#3d8fd9") : " "} ${cells}  ${
      paint.colored(drawn, "#3d8fd9")
    }`
      .trimEnd();
  });
  return [paint.dim(head), ...lines];
}

function columnOf(head: string, texts: readonly string[], isNumber: boolean): Column {
  return { head, texts, isNumber, width: Math.max(...[head, ...texts].map(displayWidth)) };
}

function cell({ width, isNumber }: Column, text: string): string {
  return padText(fitCells(text, width), width, isNumber ? "start" : "end");
}

/** Writes the fractions of a column in three digits, if these tell apart what four do. */
function shorten(column: Column): void {
  const texts = column.texts.map((text) =>
    FRACTION.test(text) ? numberText(Number(text.replaceAll("−", "-")), 3) : text
  );
  if (new Set(texts).size < new Set(column.texts).size) return;
  column.texts = texts;
  column.width = Math.max(...[column.head, ...texts].map(displayWidth));
}

/** Narrows the widest columns until all fit into a width. */
function shrink(columns: readonly Column[], width: number): void {
  const narrowest = ({ texts }: Column): number =>
    Math.max(6, ...texts.map((text) => FRACTION.test(text) ? displayWidth(text) : 0));
  while (columns.reduce((sum, it) => sum + it.width, 0) > width) {
    const wide = columns.filter((it) => it.width > narrowest(it));
    if (wide.length === 0) return;
    wide.reduce((a, b) => b.width > a.width ? b : a).width--;
  }
}
