import { fileText } from "../../core/values/cell.ts";
import { csvField } from "../../core/values/csv_field.ts";
import type { Row } from "../../core/values/value.ts";
import { rowJson } from "./row_json.ts";

/** Formats for other programs to read. */
export const TEXT_FORMATS = ["csv", "json", "ndjson"] as const;

/** One of {@linkcode TEXT_FORMATS}. */
export type TextFormat = typeof TEXT_FORMATS[number];

/** Minimum number of characters in a piece but the last. */
const PIECE = 1 << 16;

/** Encodes rows in pieces of text: CSV as in a CSV store, or JSON in which a text is itself. */
export async function* rowsText(
  rows: AsyncIterable<Row>,
  columns: readonly string[],
  format: TextFormat,
): AsyncGenerator<string> {
  let text = format === "csv"
    ? `${columns.map(csvField).join(",")}\n`
    : format === "json"
    ? "["
    : "";
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
  return columns.map((name) => Object.hasOwn(row, name) ? csvField(fileText(row[name]!)) : "")
    .join(",");
}
