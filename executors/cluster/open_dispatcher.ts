import type { DispatchedSweep, Dispatcher } from "../../core/runs/dispatcher.ts";
import { ChunkDispatcher, type DispatchOptions } from "./chunk_dispatcher.ts";
import { JobQueue } from "./job_queue.ts";
import { checkJob } from "./unfit_jobs_error.ts";

/**
 * Opens the queue of a sweep.
 *
 * @throws {UnfitJobsError} If it has jobs of another source. @throws {StoreError} If it cannot be used.
 */
export async function openDispatcher(
  url: string,
  sweep: DispatchedSweep,
  options: DispatchOptions,
): Promise<Dispatcher> {
  const queue = await JobQueue.open(url, sweep, {
    instance: `stet sweep ${sweep.label}`,
    warn: (message) => sweep.log(message),
  });
  try {
    const waiting = await queue.peek();
    if (waiting) checkJob(waiting, sweep, options.workerCommand);
    return await ChunkDispatcher.open(queue, sweep, options);
  } catch (error) {
    await queue.close();
    throw error;
  }
}
