import type { Dispatcher } from "./dispatcher.ts";
import { fingerprintOf } from "./fingerprint_of.ts";
import type { Attempt } from "./key_runner.ts";
import type { Plan, Target } from "./target.ts";
import type { Row } from "../values/value.ts";

/**
 * Dispatches a run, and waits until the store has its row or it has failed.
 *
 * @param isRead False if the cells of the row are not needed.
 */
export async function dispatchRun(
  target: Target,
  plan: Plan,
  dispatcher: Dispatcher,
  isRead: () => boolean,
): Promise<Attempt> {
  const params = target.params(plan);
  let row: Row | undefined;
  const end = await dispatcher.run({
    fingerprint: fingerprintOf(plan),
    item: plan.item,
    params,
    isDone: async () => (row ??= await target.look(plan, isRead())) !== undefined,
  });
  switch (end.status) {
    case "done":
      return { ...target.skipped(plan, row!), status: "ran" } as Attempt;
    case "failed":
      return { status: "failed", params, error: end.error };
    default:
      return { status: "aborted" };
  }
}
