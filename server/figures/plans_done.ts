import type { SweepPlan } from "../../core/contract/sweep_plan.ts";
import { gridOf } from "../../core/grids/grid.ts";
import { GridDone } from "../mirror/grid_done.ts";
import type { Mirror } from "../mirror/mirror.ts";
import { namespaceSql } from "../mirror/namespace_sql.ts";
import { rolesOf } from "./roles_of.ts";

/** The number of combinations wanted, and of those that have a row. */
export interface Counted {
  readonly total: number;
  readonly done: number;
}

/** Counts which combinations of the plans of a store are done. */
export class PlansDone {
  /** By namespace, for as long as the plan is the same. */
  readonly #known = new Map<string, { readonly time: string; readonly done: GridDone }>();

  /** Returns the counts of all plans together; null if there is none. */
  count(mirror: Mirror, plans: readonly SweepPlan[]): Counted | null {
    if (plans.length === 0) return null;
    const counts = plans.map((plan) => this.#count(mirror, plan));
    return {
      total: counts.reduce((sum, { total }) => sum + total, 0),
      done: counts.reduce((sum, { done }) => sum + done, 0),
    };
  }

  #count(mirror: Mirror, plan: SweepPlan): Counted {
    const { namespace, time, factors, places, count } = plan;
    if (!factors) {
      // Which runs belong to it is not known: all of its namespace.
      const done = keysIn(mirror, namespace);
      return { total: Math.max(count, done), done };
    }
    let known = this.#known.get(namespace);
    if (known?.time !== time) {
      const done = new GridDone(gridOf(factors, places ?? undefined), namespace);
      this.#known.set(namespace, known = { time, done });
    }
    return { total: count, done: known.done.count(mirror) };
  }
}

/** Returns the number of keys of a namespace. */
function keysIn(mirror: Mirror, namespace: string): number {
  const { params } = rolesOf(mirror.columns);
  const columns = params.map((name) => mirror.sql(name)).join(", ") || "n";
  const condition = namespaceSql(mirror, namespace);
  const [[count] = []] = mirror.db.all(
    `SELECT count(*) FROM (SELECT DISTINCT ${columns} FROM ${mirror.table} WHERE ${condition.text})`,
    condition.values,
  );
  return Number(count);
}
