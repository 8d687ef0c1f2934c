import type { CellBatch, CellColumn } from "../core/contract/cell_batch.ts";
import { CellColumnBuilder } from "./columnar/cell_column_builder.ts";
import { TIMESTAMP } from "../core/values/columns.ts";
import { toRow } from "../core/values/to_row.ts";
import type { Row } from "../core/values/value.ts";

/**
 * A row as it is recorded: checked by {@linkcode toRow}, with the time of now unless it has a time.
 *
 * @throws {TypeError} If a value or the name of a column cannot be kept.
 */
export function stamped(row: Readonly<Record<string, unknown>>): Row {
  const added = toRow(row);
  added[TIMESTAMP] ??= new Date().toISOString();
  return added;
}

/** The batch with the time of now in rows that have none. */
export function stampedBatch(batch: CellBatch): CellBatch {
  const { length, columns } = batch;
  const times = columns.find(({ name }) => name === TIMESTAMP);
  if (times && areAllThere(times)) return batch;
  const stamped = new CellColumnBuilder(TIMESTAMP, length);
  const now = new Date().toISOString();
  for (let i = 0; i < length; i++) {
    const start = times?.offsets[i] ?? 0, end = times?.offsets[i + 1] ?? 0;
    if (end > start) stamped.ascii(times!.bytes, start, end);
    else stamped.text(now);
    stamped.endRows(i + 1);
  }
  return { length, columns: [...columns.filter((column) => column !== times), stamped.take()] };
}

function areAllThere({ offsets }: CellColumn): boolean {
  for (let i = 1; i < offsets.length; i++) if (offsets[i] === offsets[i - 1]) return false;
  return true;
}
