import type { CellBatch, CellColumn } from "../../core/contract/cell_batch.ts";
import { TIMESTAMP } from "../../core/values/columns.ts";
import { CellColumnBuilder } from "./cell_column_builder.ts";

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
