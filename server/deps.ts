import type { CompleteBackend } from "../core/complete_backend.ts";

/** What the routes work with. */
export interface ServerDeps {
  /** The open store. */
  readonly backend: CompleteBackend;
  /** What the user calls the store. */
  readonly store: string;
  /** The clock: milliseconds since 1970. */
  readonly now: () => number;
  /** Aborted when the sidecar ends: streams and waits end with it. */
  readonly closing: AbortSignal;
  /** Whether clients may send SQL. */
  readonly allowsQuery: boolean;
  /** To be called after each change of the store: who follows it looks at once. */
  readonly changed: () => void;
  /** Told of what nobody foresaw. */
  readonly warn: (message: string) => void;
}
