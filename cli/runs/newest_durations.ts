import { ELAPSED } from "../../core/values/columns.ts";
import type { CompleteBackend } from "../../core/contract/complete_backend.ts";

/** How many are remembered. */
const MOST = 100;

/** How long the newest runs of a store took, in seconds, the newest last. */
export async function newestDurations({ rows }: CompleteBackend): Promise<number[]> {
  const newest: number[] = [];
  let count = 0;
  for await (const row of rows({ columns: [ELAPSED] })) {
    const seconds = row[ELAPSED];
    if (typeof seconds === "number") newest[count++ % MOST] = seconds;
  }
  const oldest = count % newest.length || 0;
  return [...newest.slice(oldest), ...newest.slice(0, oldest)];
}
