import { createHash } from "node:crypto";
import type { Failure, HeldKey } from "../../core/contract/backend.ts";
import { newestPlan, type SweepPlan } from "../../core/contract/sweep_plan.ts";
import type { Engine } from "../../core/contract/engine.ts";
import { messageOf } from "../../core/errors.ts";
import { keyParams } from "../../core/keys/key.ts";
import type { ViewFacts } from "../../figures/data/view_facts.ts";
import type { Reading } from "../mirror/follower.ts";

/** The state of a store besides its rows. */
export interface WatchedState {
  readonly claims: readonly HeldKey[];
  readonly failures: readonly Failure[];
  readonly plans: readonly SweepPlan[];
  /** Why the store could not be read. */
  readonly problem: string | undefined;
}

/** The state before it is read. */
export const NOTHING_KNOWN: WatchedState = {
  claims: [],
  failures: [],
  plans: [],
  problem: undefined,
};

/** The copy of the rows, as facts are of it. */
interface Copied {
  readonly generation: number;
  readonly count: number;
  readonly reading: Reading | null;
}

/** The facts of a store besides its rows. */
export type StoreFacts =
  & Pick<ViewFacts, "mark" | "failures" | "claims" | "command" | "reading" | "problem">
  & {
    /** The number of rows that figures are of. */
    readonly total: number;
    readonly plans: readonly SweepPlan[];
  };

/** Returns the facts of a state of the store. */
export function storeFacts(mirror: Copied, state: WatchedState): StoreFacts {
  const { claims, failures, plans, problem = null } = state;
  return {
    mark: markOf(mirror, state),
    total: mirror.count,
    failures,
    claims: claims.map(({ key, holder, since = null }) => ({
      key,
      holder,
      since,
      params: keyParams(key),
    })),
    plans,
    command: newestPlan(plans)?.command ?? null,
    reading: mirror.reading,
    problem,
  };
}

/**
 * Reads the state of a store besides its rows. Of a store that cannot be read, the state before is kept, with
 * the reason.
 */
export async function readState(engine: Engine, before: WatchedState): Promise<WatchedState> {
  try {
    const claims = await engine.held();
    const failures = await engine.failures();
    return { claims, failures, plans: await engine.plans(), problem: undefined };
  } catch (error) {
    return { ...before, problem: messageOf(error) };
  }
}

/** Returns a text that changes with the rows, claims, failures, plans and the problem of a store. */
export function markOf(
  { generation, count }: Omit<Copied, "reading">,
  { claims, failures, plans, problem = "" }: WatchedState,
): string {
  const hash = createHash("sha256").update(`${generation} ${count} ${problem}`);
  for (const { key, since = "" } of claims) hash.update(`\0${key}\0${since}`);
  hash.update(`\0\0${failures.length}`);
  for (const { time, attempt } of failures) hash.update(`\0${time} ${attempt}`);
  for (const { namespace, time, count } of plans) hash.update(`\0${namespace}\0${time} ${count}`);
  return hash.digest("base64url").slice(0, 16);
}
