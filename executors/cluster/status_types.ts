/** A worker of a cluster. */
export interface ClusterMember {
  /** Name of its machine. */
  readonly host: string;
  /** Process id on that machine. */
  readonly pid: number;
  /** Name of the function that it works for. */
  readonly label: string;
  /** Time since when it works, ISO 8601 in UTC. */
  readonly since: string;
  /** `working`: heard from within the last 45 seconds; `ended`: drained; `lost`: neither. */
  readonly state: "working" | "ended" | "lost";
  /** Number of recorded runs in the last 24 hours. */
  readonly ran: number;
  /** Number of failed runs in the last 24 hours. */
  readonly failed: number;
  /** Runs per second in the last minute. */
  readonly perSecond: number;
}

/** A queue of a cluster: that of one function. */
export interface ClusterQueue {
  /** Name of the queue in the database. */
  readonly name: string;
  /** Number of runs that wait. */
  readonly waiting: number;
  /** Number of runs in jobs that workers have. */
  readonly active: number;
}

/** Status of the clusters in a database. */
export interface ClusterStatus {
  /** Workers that were alive within the last hour. */
  readonly workers: readonly ClusterMember[];
  /** Queues, one for each function. */
  readonly queues: readonly ClusterQueue[];
}
