/** A worker of a cluster. */
export interface ClusterMember {
  /** Name of its machine. */
  readonly host: string;
  readonly pid: number;
  /** Name of the function that it works for. */
  readonly label: string;
  /** Time since when it works, ISO 8601 in UTC. */
  readonly since: string;
  /** `working`: heard from within the last 45 seconds; `ended`: drained; `lost`: neither. */
  readonly state: "working" | "ended" | "lost";
  /** Numbers of its recorded and of its failed runs in the last 24 hours. */
  readonly ran: number;
  readonly failed: number;
  /** Runs per second in the last minute. */
  readonly perSecond: number;
}

/** A queue of a cluster: that of one function. */
export interface ClusterQueue {
  readonly name: string;
  /** Number of runs that wait, and of those in jobs that workers have. */
  readonly waiting: number;
  readonly active: number;
}

/** Status of the clusters in a database. */
export interface ClusterStatus {
  readonly workers: readonly ClusterMember[];
  readonly queues: readonly ClusterQueue[];
}
