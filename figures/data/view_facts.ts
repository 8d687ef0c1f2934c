import type { Failure } from "../../core/contract/backend.ts";
import type { Grid } from "../../core/grids/grid.ts";
import type { Row } from "../../core/values/value.ts";

/** The facts of a view besides rows. */
export interface ViewFacts {
  readonly mark: string;
  readonly store: string;
  readonly location: string;
  readonly failures: readonly Failure[];
  readonly claims: readonly ViewClaim[];
  readonly plan: ViewPlan | null;
  /** The number of combinations of a plan that are too many to be noted; null if there is none. */
  readonly planned: number | null;
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

/** The combinations wanted. */
export interface ViewPlan {
  readonly grid: Pick<Grid, "factors" | "places">;
  readonly from: "grid" | "plan";
}

/** Returns the facts of a store about which nothing else is known. */
export function noFacts(more: Partial<ViewFacts> = {}): ViewFacts {
  return {
    mark: "",
    store: "",
    location: "",
    failures: [],
    claims: [],
    plan: null,
    planned: null,
    command: null,
    now: Date.now(),
    reading: null,
    problem: null,
    ...more,
  };
}
