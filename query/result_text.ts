import { fileText, writeCell } from "../core/values/cell.ts";
import { csvField } from "../core/values/csv_field.ts";
import { jsonString } from "../core/values/json.ts";
import type { PlainValue } from "./plain_value.ts";
import type { QueryResult } from "./query_result.ts";

/** Text formats: CSV of cell text, one JSON array, or a JSON object on each line. */
export type TextFormat = "csv" | "json" | "ndjson";

/** Encodes a result as text, piece by piece. */
export async function* resultText(
  result: QueryResult,
  format: TextFormat,
): AsyncGenerator<string> {
  const names = result.columns.map(({ name }) => name);
  if (format === "csv") yield `${names.map(csvField).join(",")}\n`;
  const keys = names.map(jsonString);
  let isFirst = true;
  for await (const columns of result.batches()) {
    let text = "";
    const count = columns[0]?.length ?? 0;
    for (let i = 0; i < count; i++) {
      if (format === "csv") {
        text += `${columns.map((values) => csvCell(values[i]!)).join(",")}\n`;
        continue;
      }
      const entries = columns.map((values, j) => `${keys[j]}:${jsonText(values[i]!)}`);
      const row = `{${entries.join(",")}}`;
      text += format === "ndjson" ? `${row}\n` : `${isFirst ? "[" : ","}\n${row}`;
      isFirst = false;
    }
    yield text;
  }
  if (format === "json") yield isFirst ? "[]\n" : "\n]\n";
}

/** Returns JSON for any program: numbers that JSON lacks (`nan`, `inf`) are strings. */
function jsonText(value: PlainValue): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return jsonString(value);
  if (typeof value === "number") {
    return Number.isFinite(value) ? String(value) : jsonString(writeCell(value));
  }
  if (typeof value === "bigint") return String(value);
  if (isList(value)) return `[${value.map(jsonText).join(",")}]`;
  const entries = Object.entries(value);
  return `{${entries.map(([name, entry]) => `${jsonString(name)}:${jsonText(entry)}`).join(",")}}`;
}

/** `Array.isArray` does not narrow to readonly arrays. */
function isList(value: PlainValue & object): value is readonly PlainValue[] {
  return Array.isArray(value);
}

function csvCell(value: PlainValue): string {
  return value === null ? "" : csvField(fileText(value));
}
