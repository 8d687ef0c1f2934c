/** Executors: in this thread, in worker processes, in programs, on a cluster. @module */
export { cluster, type ClusterOptions } from "./cluster/cluster.ts";
export { clusterStatus } from "./cluster/cluster_status.ts";
export type { ClusterMember, ClusterQueue, ClusterStatus } from "./cluster/status_types.ts";
export { cancelCluster, clusterWorker } from "./cluster/cluster_worker.ts";
export type { ClusterWorkerCounts, ClusterWorkerOptions } from "./cluster/worker_options.ts";
export { commands, type CommandsOptions } from "./commands.ts";
export { inProcess, type InProcessOptions } from "../core/runs/in_process.ts";
export { workers, type WorkersOptions } from "./workers.ts";
