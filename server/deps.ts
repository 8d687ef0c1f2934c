import type { Engine } from "../core/contract/engine.ts";
import type { MirrorClient } from "./figures/mirror_client.ts";
import type { QueryProcesses } from "./query/query_process.ts";

/** What the routes work with. */
export interface ServerDeps {
  /** The open store. */
  readonly backend: Engine;
  /** A copy of its rows to select from; told after each change made here. */
  readonly mirror: MirrorClient;
  /** What the user calls the store. */
  readonly store: string;
  /** The clock: milliseconds since 1970. */
  readonly now: () => number;
  /** Aborted when the sidecar ends: streams and waits end with it. */
  readonly closing: AbortSignal;
  /** Whether clients may send SQL. */
  readonly allowsQuery: boolean;
  /** Where it runs; undefined: in this process. */
  readonly queries: QueryProcesses | undefined;
  /** Told of what nobody foresaw. */
  readonly warn: (message: string) => void;
}

/** What a request is answered with besides itself. */
export interface Env {
  readonly Bindings: {
    /** Aborted when the client has gone away: to be asked for only if that takes a while. */
    gone(): AbortSignal;
  };
}
