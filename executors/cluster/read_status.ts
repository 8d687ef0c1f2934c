import { Connections } from "../../backends/postgres/connection/connections.ts";
import { parsePostgresUrl } from "../../backends/postgres/connection/postgres_url.ts";
import { messageOf, StoreError } from "../../core/errors.ts";
import { loadPg } from "../../packages/pg.ts";
import type { ClusterMember, ClusterStatus } from "./status_types.ts";
import { KEY_LENGTH } from "./chunk.ts";
import { QUEUE_SCHEMA } from "./job_queue.ts";

/** Workers by their host and pid, with what the outputs of their jobs say. */
const WORKERS = `
  WITH done AS (
    SELECT output->>'worker' AS worker, sum((output->>'ran')::bigint) AS ran,
      sum(jsonb_array_length(output->'failed')) AS failed,
      sum((output->>'ran')::bigint) FILTER (WHERE completed_on > now() - interval '1 minute') AS newest
    FROM ${QUEUE_SCHEMA}.job WHERE state = 'completed' AND output ? 'worker' GROUP BY 1)
  SELECT i.host, i.pid, substr(i.name, length('stet worker ') + 1),
    to_char(i.started_on AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    CASE WHEN i.stopped_on IS NOT NULL THEN 'ended'
      WHEN i.heartbeat_on > now() - 3 * i.heartbeat_seconds * interval '1 second' THEN 'working'
      ELSE 'lost' END,
    coalesce(d.ran, 0), coalesce(d.failed, 0),
    coalesce(d.newest, 0) / greatest(1, least(60, extract(epoch FROM now() - i.started_on)))
  FROM ${QUEUE_SCHEMA}.instance i
  LEFT JOIN done d ON d.worker = format('process %s on %s', i.pid, i.host)
  WHERE i.name LIKE 'stet worker %' AND i.heartbeat_on > now() - interval '1 hour'
  ORDER BY i.started_on`;

const QUEUES = `
  SELECT name, coalesce(sum(length(data->>'keys')) FILTER (WHERE state < 'active'), 0) / ${KEY_LENGTH},
    coalesce(sum(length(data->>'keys')) FILTER (WHERE state = 'active'), 0) / ${KEY_LENGTH}
  FROM ${QUEUE_SCHEMA}.job WHERE state <= 'active' GROUP BY name ORDER BY name`;

/** Reads the status of the clusters in a database. See `clusterStatus`. */
export async function readStatus(url: string): Promise<ClusterStatus> {
  const parsed = parsePostgresUrl(url);
  const purpose = `read the workers of "${parsed.location}"`;
  const connections = new Connections(await loadPg(purpose), parsed, 1);
  try {
    const { rows: [found] } = await connections.query("SELECT to_regclass($1) IS NOT NULL", [
      `${QUEUE_SCHEMA}.instance`,
    ]);
    if (found![0] !== "t") return { workers: [], queues: [] };
    const workers = (await connections.query(WORKERS)).rows as string[][];
    const queues = (await connections.query(QUEUES)).rows as string[][];
    return {
      workers: workers.map(([host, pid, label, since, state, ran, failed, perSecond]) => ({
        host: host!,
        pid: Number(pid),
        label: label!,
        since: since!,
        state: state as ClusterMember["state"],
        ran: Number(ran),
        failed: Number(failed),
        perSecond: Number(perSecond),
      })),
      queues: queues.map(([name, waiting, active]) => ({
        name: name!,
        waiting: Number(waiting),
        active: Number(active),
      })),
    };
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError(`Cannot ${purpose}: ${messageOf(error)}`, { cause: error });
  } finally {
    await connections.close();
  }
}
