import { Fingerprint } from "../keys/fingerprint.ts";
import { CELL_END, NAME_END } from "../keys/key.ts";
import { YieldTimer } from "../runtime/yield_timer.ts";
import { writeCell } from "../values/cell.ts";
import type { Backend, RowsAfter } from "./backend.ts";

/** Returns the rows after a cursor of a store that can only be read whole: all, if one of them changed. */
export async function allRowsAfter(
  backend: Backend,
  cursor: string | undefined,
): Promise<RowsAfter> {
  const rows = await backend.load();
  const fingerprint = new Fingerprint().begin();
  const timer = new YieldTimer();
  for (const row of rows) {
    if (timer.isDue(16)) await timer.yield();
    for (const [name, value] of Object.entries(row)) {
      fingerprint.text(name).text(NAME_END).text(writeCell(value)).text(CELL_END);
    }
    fingerprint.text("\n");
  }
  const { a, b, c } = fingerprint.end();
  const now = `${rows.length} ${a} ${b} ${c}`;
  return cursor === now
    ? { cursor, isWhole: false, rows: [] }
    : { cursor: now, isWhole: true, rows };
}
