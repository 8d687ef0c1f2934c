import type { Row } from "../../core/values/value.ts";
import type { Shards } from "../view.ts";
import { plansDone, positionIn } from "./plan_done.ts";
import type { Selection } from "./selection.ts";

/** Returns the counts of each shard of the sweep of a namespace, with any condition; null without shards. */
export function shardsOf({ columns, facts, plan }: Selection): Shards | null {
  const { plans, failures, claims } = facts;
  const done = plan && plansDone(columns, plans).byShard[plans.indexOf(plan)];
  if (!plan || !done) return null;
  const { count } = plan;
  const positionOf = positionIn(plan);
  const counted = (keys: readonly { readonly params: Row }[]): number[] => {
    const counts = Array<number>(done.length).fill(0);
    for (const { params } of keys) {
      const position = positionOf(params);
      if (position !== -1) counts[position % done.length]!++;
    }
    return counts;
  };
  return {
    planned: done.map((_, shard) => Math.ceil((count - shard) / done.length)),
    done,
    failed: counted(failures),
    running: counted(claims),
  };
}
