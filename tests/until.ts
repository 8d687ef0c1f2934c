import { setTimeout as sleep } from "node:timers/promises";

/** How long something may take to be so, in milliseconds. A test that waits for ever would hang them all. */
const PATIENCE = 60_000;

/** Resolves once something is so, and rejects when it was not for a minute. */
export async function until(isSo: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`It was not so for ${PATIENCE} ms: ${isSo}`);
    await sleep(5);
  }
}
