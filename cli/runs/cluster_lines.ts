import { counted } from "../../core/display/counted.ts";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import { closeAfter } from "../../core/runtime/close_after.ts";
import type { ClusterMember, ClusterStatus } from "../../mod.ts";

/** Maximum number of keys that are shown for a worker. */
const MAX_KEYS = 3;

/** A worker, and the keys that it runs. */
interface ShownWorker extends ClusterMember {
  readonly running: readonly string[];
}

/** The status of a cluster, with the keys that workers run. */
export interface ShownCluster extends Omit<ClusterStatus, "workers"> {
  readonly workers: readonly ShownWorker[];
}

/** Reads the status of the cluster of a store. */
export async function readCluster(store: string): Promise<ShownCluster> {
  const { clusterStatus, openBackend } = await import("../../mod.ts");
  const { workers, queues } = await clusterStatus(store);
  const opened = await openBackend(store);
  const held = await closeAfter(() => engineOf(opened).held(), () => opened.close());
  return {
    queues,
    workers: workers.map((worker) => ({
      ...worker,
      running: held.filter(({ holder }) => holder === `process ${worker.pid} on ${worker.host}`)
        .map(({ key }) => keyLine(key)),
    })),
  };
}

/** Returns the text of a key as `name=cell` pairs. */
function keyLine(text: string): string {
  return text.split("\x1f").filter(Boolean).map((cell) => cell.replace("\x1e", "=")).join(" ");
}

/** Returns the lines of `stet status --workers`. */
export function clusterLines({ workers, queues }: ShownCluster): string[] {
  const of = (wanted: string): ShownWorker[] => workers.filter(({ state }) => state === wanted);
  const ended = of("ended").length;
  const lines = [...of("working"), ...of("lost")].map((each) => {
    const { label, host, pid, since, state, ran, failed, perSecond, running } = each;
    const more = running.length > MAX_KEYS ? `, and ${running.length - MAX_KEYS} more` : "";
    const keys = running.length === 0
      ? ""
      : `; running ${running.slice(0, MAX_KEYS).join(", ")}${more}`;
    return `${state} ${label} on ${host}, process ${pid}, since ${since}: ${ran} ran, ${failed} failed, ` +
      `${perSecond.toFixed(1)}/s${keys}`;
  });
  return [
    `[stet] ${counted(of("working").length, "worker")}` +
    (ended > 0 ? `; ${ended} ended within the last hour` : ""),
    ...lines,
    ...queues.map(({ name, waiting, active }) =>
      `[stet] ${counted(waiting, "run")} to begin, ${active} with workers: queue ${name}`
    ),
  ];
}
