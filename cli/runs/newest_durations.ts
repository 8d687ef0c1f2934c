import type { Engine } from "../../core/contract/engine.ts";
import { ELAPSED } from "../../core/values/columns.ts";

/** Maximum number of durations. */
const MAX_DURATIONS = 100;

/** Returns the durations of the newest runs of a store, in seconds, the newest last. */
export async function newestDurations(backend: Engine): Promise<number[]> {
  const newest: number[] = [];
  let count = 0;
  for await (const row of backend.rows({ columns: [ELAPSED] })) {
    const seconds = row[ELAPSED];
    if (typeof seconds === "number") newest[count++ % MAX_DURATIONS] = seconds;
  }
  const oldest = count % newest.length || 0;
  return [...newest.slice(oldest), ...newest.slice(0, oldest)];
}
