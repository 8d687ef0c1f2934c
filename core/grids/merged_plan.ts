import type { SweepPlan } from "../contract/sweep_plan.ts";
import { combinationAt, gridNumber, productOf } from "./grid.ts";

/** Maximum number of combinations that are looked up in an earlier plan. */
const MAX_LOOKED_UP = 20_000;

/**
 * Returns the plan that is noted once a sweep begins: its own, or the combinations of the earlier plan if these
 * contain all of its own. The command is that of the combinations.
 */
export function mergedPlan(earlier: SweepPlan | undefined, plan: SweepPlan): SweepPlan {
  if (!earlier || !contains(earlier, plan)) return plan;
  const { count, factors, places } = earlier;
  if (count === plan.count) {
    // Positions in it are those of its shards.
    return plan.shards === undefined ? { ...plan, factors, places } : plan;
  }
  const { shards: _, ...others } = plan;
  return { ...others, count, factors, places, command: earlier.command };
}

function contains(earlier: SweepPlan, { count, factors, places }: SweepPlan): boolean {
  if (!earlier.factors || !factors || earlier.count < count) return false;
  const among = earlier.places ?? undefined;
  if (count <= MAX_LOOKED_UP) {
    const numberOf = gridNumber({ factors: earlier.factors, places: among });
    const names = new Set(earlier.factors.flatMap((factor) => factor.names));
    // A param that the earlier plan does not have makes another run.
    if (factors.some((factor) => factor.names.some((name) => !names.has(name)))) return false;
    for (let i = 0; i < count; i++) {
      if (numberOf(combinationAt(factors, places?.[i] ?? i)) === -1) return false;
    }
    return true;
  }
  return !among && productOf(factors) <= earlier.count && factors.every((factor) => {
    const same = earlier.factors!.find(({ names }) => `${names}` === `${factor.names}`);
    const numberOf = same && gridNumber({ factors: [same] });
    return numberOf !== undefined && factor.parts.every((part) => numberOf(part) !== -1);
  }) && factors.length === earlier.factors.length;
}
