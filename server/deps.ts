import type { Engine } from "../core/contract/engine.ts";
import type { FiguresClient } from "./figures/figures_client.ts";
import type { ClusterStatus } from "../mod.ts";
import type { QueryProcesses } from "./query/query_process.ts";

/** The dependencies of routes. */
export interface ServerDeps {
  /** The open store. */
  readonly backend: Engine;
  /** Figures and pages of its rows; notified after each change made here. */
  readonly figures: FiguresClient;
  /** The user's name of the store. */
  readonly store: string;
  /** Returns the workers and queues of the store's cluster; undefined for a store that can have none. */
  readonly cluster: (() => Promise<ClusterStatus>) | undefined;
  /** The clock: milliseconds since 1970. */
  readonly now: () => number;
  /** Aborted when the sidecar ends: streams and waits end with it. */
  readonly closing: AbortSignal;
  /** True if clients may send SQL. */
  readonly allowsQuery: boolean;
  /** The processes that run it; undefined: it runs in this process. */
  readonly queries: QueryProcesses | undefined;
  /** Reports unforeseen errors. */
  readonly warn: (message: string) => void;
}

/** The environment of a request. */
export interface Env {
  readonly Bindings: {
    /** Returns a signal that aborts when the client has left. It has a cost: for long requests only. */
    gone(): AbortSignal;
  };
}
