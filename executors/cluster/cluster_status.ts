import type { ClusterStatus } from "./status_types.ts";

/**
 * Returns the queues in a database, and the workers that were alive within the last hour.
 *
 * @throws {StoreError} If the server cannot be reached.
 */
export async function clusterStatus(url: string | URL): Promise<ClusterStatus> {
  const { readStatus } = await import("./read_status.ts");
  return await readStatus(String(url));
}
