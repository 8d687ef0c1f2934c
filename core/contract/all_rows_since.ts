import type { Backend, RowsSince } from "./backend.ts";
import { writeCell } from "../values/cell.ts";
import { Fingerprint } from "../keys/fingerprint.ts";
import { CELL_END, NAME_END } from "../keys/key.ts";
import { YieldTimer } from "../runtime/yield_timer.ts";

/** The rows since a mark, for a store that can only be read whole: all, if one of them changed. */
export async function allRowsSince(backend: Backend, mark: string | undefined): Promise<RowsSince> {
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
  return mark === now ? { mark, isWhole: false, rows: [] } : { mark: now, isWhole: true, rows };
}
