import { fileText } from "../values/cell.ts";
import { entryOf, type Row, type Value } from "../values/value.ts";
import { cutText, displayWidth, padText } from "./display_width.ts";

/** Maximum width of a column, in terminal cells. */
const MAX_WIDTH = 40;

/** Significant digits of a float. */
const DIGITS = 6;

/** Options of {@linkcode tableText}. */
export interface TableOptions {
  /** Width at which lines are cut, in terminal cells. Default: none. */
  readonly width?: number | undefined;
  /** True for columns whose floats keep all digits. Default: none. */
  readonly isExact?: (column: string) => boolean;
}

/**
 * Returns the lines of a table for a reader: a header, then a line for each row, numbers to the right. Floats
 * have six digits, and long cells are cut.
 */
export function tableText(
  rows: readonly Row[],
  columns: readonly string[],
  { width = Infinity, isExact = () => false }: TableOptions = {},
): string[] {
  const table = columns.map((name) => {
    const values = rows.map((row) => entryOf(row, name));
    const keepsDigits = isExact(name);
    const lines = [name, ...values.map((value) => cellText(value, keepsDigits))]
      .map((text) => cutText(withoutControls(text), MAX_WIDTH));
    const isNumeric = values.every((value) => value === undefined || typeof value === "number");
    const widest = Math.max(...lines.map(displayWidth));
    return lines.map((line) => padText(line, widest, isNumeric ? "start" : "end"));
  });
  return Array.from(
    { length: rows.length + 1 },
    (_, i) => cutText(table.map((column) => column[i]).join("  ").trimEnd(), width),
  );
}

/** Returns a value for a reader; a float has six digits, unless it keeps all. */
export function cellText(value: Value | undefined, keepsDigits = false): string {
  if (value === undefined) return "";
  return fileText(typeof value === "number" && !keepsDigits ? rounded(value) : value);
}

/** Returns a float with six significant digits, or as a whole number if that has more. */
function rounded(value: number): number {
  if (Number.isInteger(value) || !Number.isFinite(value)) return value;
  return Math.abs(value) >= 10 ** DIGITS ? Math.round(value) : Number(value.toPrecision(DIGITS));
}

/** A line break or an escape sequence within a cell would break the table. */
function withoutControls(text: string): string {
  return text.replaceAll("\n", "⏎").replace(/\p{Cc}/gu, " ");
}
