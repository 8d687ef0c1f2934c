import { writeCell } from "../../core/values/cell.ts";
import type { Row } from "../../core/values/value.ts";
import { rowJson } from "./row_json.ts";

/** Formats for other programs to read. */
export const TEXT_FORMATS = ["csv", "json", "ndjson"] as const;

/** One of {@linkcode TEXT_FORMATS}. */
export type TextFormat = typeof TEXT_FORMATS[number];

/** Whether it is a format. */
export function isTextFormat(format: unknown): format is TextFormat {
  return TEXT_FORMATS.some((each) => each === format);
}

/** How many characters come at a time, about. */
const PIECE = 1 << 16;

/** Rows as text, in pieces: CSV as a CSV store has it, or JSON in which a text is itself. */
export async function* rowsText(
  rows: AsyncIterable<Row>,
  columns: readonly string[],
  format: TextFormat,
): AsyncGenerator<string> {
  let text = format === "csv" ? `${columns.map(quoted).join(",")}\n` : format === "json" ? "[" : "";
  let isFirst = true;
  for await (const row of rows) {
    if (format === "json") text += `${isFirst ? "" : ","}\n${rowJson(row)}`;
    else text += `${format === "csv" ? csvLine(row, columns) : rowJson(row)}\n`;
    isFirst = false;
    if (text.length < PIECE) continue;
    yield text;
    text = "";
  }
  yield text + (format === "json" ? `${isFirst ? "" : "\n"}]\n` : "");
}

function csvLine(row: Row, columns: readonly string[]): string {
  return columns.map((name) => Object.hasOwn(row, name) ? quoted(writeCell(row[name]!)) : "")
    .join(",");
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
