import { fileText } from "../../core/values/cell.ts";
import { csvField } from "../../core/values/csv_field.ts";
import { plainText } from "../../core/values/json_row.ts";
import type { Row, Value } from "../../core/values/value.ts";
import { rowJson } from "./row_json.ts";

/** Formats for other programs to read. */
export const TEXT_FORMATS = ["csv", "json", "ndjson"] as const;

/** One of {@linkcode TEXT_FORMATS}. */
export type TextFormat = typeof TEXT_FORMATS[number];

/** Minimum number of characters in a piece but the last. */
const PIECE = 1 << 16;

/**
 * Encodes rows in pieces of text: CSV as in a CSV store, or JSON in which a text is itself.
 *
 * @param isPlain True if a text is itself in CSV too, and null is nothing. Default: false.
 */
export async function* rowsText(
  rows: AsyncIterable<Row>,
  columns: readonly string[],
  format: TextFormat,
  isPlain = false,
): AsyncGenerator<string> {
  const fieldOf = isPlain ? plainField : cellField;
  let text = format === "csv"
    ? `${columns.map(csvField).join(",")}\n`
    : format === "json"
    ? "["
    : "";
  let isFirst = true;
  for await (const row of rows) {
    if (format === "json") text += `${isFirst ? "" : ","}\n${rowJson(row)}`;
    else text += `${format === "csv" ? csvLine(row, columns, fieldOf) : rowJson(row)}\n`;
    isFirst = false;
    if (text.length < PIECE) continue;
    yield text;
    text = "";
  }
  yield text + (format === "json" ? `${isFirst ? "" : "\n"}]\n` : "");
}

function csvLine(
  row: Row,
  columns: readonly string[],
  fieldOf: (value: Value) => string,
): string {
  return columns.map((name) => Object.hasOwn(row, name) ? fieldOf(row[name]!) : "").join(",");
}

function cellField(value: Value): string {
  return csvField(fileText(value));
}

/** An empty text has quotes, for the programs that tell it from nothing. */
function plainField(value: Value): string {
  return value === "" ? '""' : csvField(plainText(value));
}
