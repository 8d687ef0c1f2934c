import type { ClusterStatus } from "./status_types.ts";

/**
 * Returns the workers and queues in a database: those that live, and those that ended in the last hour.
 *
 * @throws {StoreError} If the server cannot be reached.
 */
export async function clusterStatus(url: string | URL): Promise<ClusterStatus> {
  const { readStatus } = await import("./read_status.ts");
  return await readStatus(String(url));
}
