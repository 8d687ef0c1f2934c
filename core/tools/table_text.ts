import { writeCell } from "../values/cell.ts";
import type { Row } from "../values/value.ts";

/** The widest that a column of a table gets. */
const WIDEST = 40;

/**
 * Rows as the lines of a table: a header, then a line for each, numbers to the right. Long cells are
 * cut; lines are cut at `width` characters, if given.
 */
export function tableText(
  rows: readonly Row[],
  columns: readonly string[],
  width = Infinity,
): string[] {
  const table = columns.map((name) => {
    const cells = rows.map((row) => row[name] === undefined ? "" : cut(writeCell(row[name])));
    const isNumeric = rows.every((row) => row[name] === undefined || typeof row[name] === "number");
    const lines = [cut(name), ...cells];
    const widest = Math.max(...lines.map((line) => line.length));
    return lines.map((line) => isNumeric ? line.padStart(widest) : line.padEnd(widest));
  });
  return Array.from({ length: rows.length + 1 }, (_, i) => {
    const line = table.map((column) => column[i]).join("  ").trimEnd();
    return line.length > width ? `${line.slice(0, width - 1)}…` : line;
  });
}

function cut(text: string): string {
  return text.length > WIDEST ? `${text.slice(0, WIDEST - 1)}…` : text;
}
