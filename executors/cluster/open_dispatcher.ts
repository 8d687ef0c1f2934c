import type { DispatchedSweep, Dispatcher } from "../../core/runs/dispatcher.ts";
import { ChunkDispatcher } from "./chunk_dispatcher.ts";
import { JobQueue } from "./job_queue.ts";
import { checkJob } from "./unfit_jobs_error.ts";

/**
 * Opens the queue of a sweep.
 *
 * @param isDetached True to leave the runs to the workers once they are sent.
 * @throws {UnfitJobsError} If it has jobs of another source. @throws {StoreError} If it cannot be used.
 */
export async function openDispatcher(
  url: string,
  sweep: DispatchedSweep,
  isDetached: boolean,
): Promise<Dispatcher> {
  const queue = await JobQueue.open(url, sweep, {
    instance: `stet sweep ${sweep.label}`,
    warn: (message) => sweep.log(message),
  });
  try {
    const waiting = await queue.peek();
    if (waiting) checkJob(waiting, sweep);
    return await ChunkDispatcher.open(queue, sweep, isDetached);
  } catch (error) {
    await queue.close();
    throw error;
  }
}
