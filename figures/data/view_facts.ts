import type { Failure } from "../../core/contract/backend.ts";
import type { Factor, Grid, Places } from "../../core/grids/grid.ts";
import type { Row } from "../../core/values/value.ts";

/** The facts of a view besides rows. */
export interface ViewFacts {
  readonly mark: string;
  readonly store: string;
  readonly location: string;
  readonly failures: readonly Failure[];
  readonly claims: readonly ViewClaim[];
  /** The combinations wanted; none if they are not known. */
  readonly plans: readonly ViewPlan[];
  /** The command of the last `stet run` or `stet sweep`. */
  readonly command: string | null;
  /** The time in milliseconds since 1970. */
  readonly now: number;
  readonly reading: { readonly rows: number; readonly of: number | null } | null;
  readonly problem: string | null;
}

/** A run under way. */
export interface ViewClaim {
  readonly params: Row;
  readonly holder: string;
  /** The text of its key. */
  readonly key: string;
  /** The time of the claim, ISO 8601; null if unknown. */
  readonly since: string | null;
}

/** Combinations wanted. */
export interface ViewPlan {
  /** The namespace of its function, empty if it has none; null: of every run. */
  readonly namespace: string | null;
  readonly count: number;
  /** Null if they are too many to be known. */
  readonly factors: readonly Factor[] | null;
  /** Null: every place. */
  readonly places: Places | null;
  /** Values that rows without a param count as having. Default: none. */
  readonly defaults?: Row | undefined;
  /** The number of its shards. Default: it has none. */
  readonly shards?: number | undefined;
  /** The time at which it was noted; empty if unknown. */
  readonly time: string;
  readonly from: "grid" | "plan";
}

/** Returns the plan that a grid is. @param defaults Values that rows without a param count as having. */
export function gridPlan({ count, factors, places }: Grid, defaults?: Row): ViewPlan {
  return {
    ...{ namespace: null, count, factors, places: places ?? null, defaults },
    ...{ time: "", from: "grid" },
  };
}

/** Returns the facts of a store about which nothing else is known. */
export function noFacts(more: Partial<ViewFacts> = {}): ViewFacts {
  return {
    mark: "",
    store: "",
    location: "",
    failures: [],
    claims: [],
    plans: [],
    command: null,
    now: Date.now(),
    reading: null,
    problem: null,
    ...more,
  };
}
