import { writeCell } from "../values/cell.ts";
import type { Row } from "../values/value.ts";

/** Maximum width of a column. */
const MAX_WIDTH = 40;

/**
 * Returns the lines of a table: a header, then a line for each row, numbers to the right. Long cells are
 * cut, and lines at `width` characters, if it is given.
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
  return text.length > MAX_WIDTH ? `${text.slice(0, MAX_WIDTH - 1)}…` : text;
}
