import { Buffer } from "node:buffer";
import fs from "node:fs";
import { writeCell } from "../core/cell.ts";
import type { CompleteBackend } from "../core/complete_backend.ts";
import type { Value } from "../core/value.ts";
import type { CellTable } from "./cell_table.ts";
import { type ColumnType, ColumnTypeFinder } from "./column_type.ts";

/** How much text is written at a time, in UTF-16 units. */
const CHUNK = 1 << 16;

/** A column of rows that were written out. */
export interface SpooledColumn {
  readonly name: string;
  readonly cell: string;
  readonly type: ColumnType;
}

/** Rows that were written to a file. */
export interface Spooled {
  readonly table: CellTable;
  readonly columns: readonly SpooledColumn[];
}

/**
 * Writes the rows that a store has now to a file of cell text, one after the other, and finds the types
 * of their columns.
 *
 * @param names The columns to write.
 * @param check Is called now and then; it throws to stop.
 */
export async function spool(
  { rows }: CompleteBackend,
  path: string,
  names: readonly string[],
  check: () => void,
): Promise<Spooled> {
  const columns = names.map((name) => ({ name, finder: new ColumnTypeFinder(name) }));
  let longest = 0;
  let text = "";
  const fd = fs.openSync(path, "wx", 0o600);
  try {
    for await (const row of rows({ columns: names })) {
      const start = text.length;
      text += "0"; // a line is never empty, as that of a row without values would be
      for (const { name, finder } of columns) {
        const value = Object.hasOwn(row, name) ? row[name] : undefined;
        text += ",";
        if (value === undefined) continue;
        finder.add(value);
        text += quotedCell(value);
      }
      longest = Math.max(longest, 3 * (text.length - start)); // UTF-8 takes up to 3 bytes a unit
      text += "\n";
      if (text.length < CHUNK) continue;
      writeText(fd, text);
      text = "";
      check();
    }
    writeText(fd, text);
  } finally {
    fs.closeSync(fd);
  }
  return {
    table: { path, head: 0, columns: names.length + 1, longest },
    columns: columns.map(({ name, finder }, i) => ({ name, cell: `c${i + 1}`, type: finder.type })),
  };
}

function quotedCell(value: Value): string {
  const cell = writeCell(value);
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function writeText(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) at += fs.writeSync(fd, bytes, at);
}
