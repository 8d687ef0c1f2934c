import { writeCell } from "../../core/values/cell.ts";
import { csvField } from "../../core/values/csv_field.ts";
import { encodeJsonRow } from "../../core/values/json_row.ts";
import type { Selected } from "../../core/tools/select_rows.ts";
import type { Row } from "../../core/values/value.ts";

/** Returns rows as JSON Lines, piece by piece. */
export async function* rowsNdjson({ rows }: Selected): AsyncGenerator<string> {
  for await (const row of rows()) yield `${encodeJsonRow(row)}\n`;
}

/** Returns rows as CSV of cell text, piece by piece. */
export async function* rowsCsv({ columns, rows }: Selected): AsyncGenerator<string> {
  if (columns.length > 0) yield `${columns.map(csvField).join(",")}\n`;
  for await (const row of rows()) {
    yield `${columns.map((name) => cellOf(row, name)).join(",")}\n`;
  }
}

function cellOf(row: Row, name: string): string {
  return Object.hasOwn(row, name) ? csvField(writeCell(row[name]!)) : "";
}
