import type { ClusterWorkerCounts, ClusterWorkerOptions } from "./worker_options.ts";

/**
 * Runs what coordinators send to the workers of a function, until it is drained. It may begin and end at any
 * time, on any machine that reaches the store.
 *
 * A worker claims and records each run through the store. Another worker repeats the runs of a killed one after
 * about half a minute.
 *
 * @param swept A function that `once` has wrapped, or a Store.
 * @param url The database of the queue: that of {@linkcode cluster}.
 * @throws {StoreError} If the queue cannot be used, or its jobs were sent for another source of the function
 * or by another version of stet.
 */
export async function clusterWorker(
  swept: object,
  url: string | URL,
  options: ClusterWorkerOptions,
): Promise<ClusterWorkerCounts> {
  const { workQueue } = await import("./work_queue.ts");
  return await workQueue(swept, String(url), options);
}

/**
 * Cancels all runs that coordinators have sent to the workers of a function, and returns the number of their jobs.
 * Workers end the runs under way. A coordinator that waits for them sends them again.
 *
 * @throws {StoreError} If the queue cannot be used.
 */
export async function cancelCluster(swept: object, url: string | URL): Promise<number> {
  const { cancelQueue } = await import("./work_queue.ts");
  return await cancelQueue(swept, String(url));
}
