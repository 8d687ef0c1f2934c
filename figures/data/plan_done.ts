import { gridNumber, productOf } from "../../core/grids/grid.ts";
import { NAMESPACE } from "../../core/values/columns.ts";
import { type Row, setEntry } from "../../core/values/value.ts";
import { groupRows } from "./columns/cells.ts";
import type { Columns } from "./columns/columns.ts";
import type { ViewPlan } from "./view_facts.ts";

/** The maximum number of combinations that have a byte each. */
const MAX_BYTES = 100_000_000;

/** Counts of combinations. */
export interface PlanDone {
  readonly planned: number;
  /** The number of combinations that have a row. */
  readonly done: number;
}

/** Returns the number of combinations of plans, and of those that are done. */
export function plansDone(columns: Columns, plans: readonly ViewPlan[]): PlanDone {
  const counts = plans.map((plan) => planDone(columns, plan));
  return {
    planned: counts.reduce((sum, { planned }) => sum + planned, 0),
    done: counts.reduce((sum, { done }) => sum + done, 0),
  };
}

function planDone(columns: Columns, plan: ViewPlan): PlanDone {
  const { namespace, count, factors, time } = plan;
  if (factors) {
    const key = `plan ${namespace} ${count} ${time}`;
    return { planned: count, done: columns.once(key, () => combinationsDone(columns, plan)) };
  }
  // Which runs belong to it is not known: all of its namespace.
  const { first } = groupRows(columns, [...columns.params, NAMESPACE]);
  const done = first.filter((row) => isIn(columns, row, namespace)).length;
  return { planned: Math.max(count, done), done };
}

function isIn(columns: Columns, row: number, namespace: string | null): boolean {
  return namespace === null || String(columns.at(NAMESPACE, row) ?? "") === namespace;
}

/** Counts the combinations of a plan that have a row. */
function combinationsDone(
  columns: Columns,
  { factors, places, defaults, namespace }: ViewPlan,
): number {
  const { length } = columns;
  const numbers = new Float64Array(length);
  const own = groupRows(columns, columns.get(NAMESPACE) ? [NAMESPACE] : []);
  const isOwn = Array.from(own.first, (row) => isIn(columns, row, namespace));
  for (let i = 0; i < length; i++) if (!isOwn[own.ids[i]!]) numbers[i] = -1;
  for (const factor of factors!) {
    const known = factor.names.filter((name) => columns.get(name));
    const { ids, first } = groupRows(columns, known);
    const numberOf = gridNumber({ factors: [factor], defaults });
    const parts = Array.from(first, (row) => {
      const params: Row = {};
      for (const name of known) {
        const value = columns.at(name, row);
        if (value !== undefined) setEntry(params, name, value);
      }
      return numberOf(params);
    });
    const size = factor.parts.length;
    for (let i = 0; i < length; i++) {
      const part = parts[ids[i]!]!;
      numbers[i] = numbers[i] === -1 || part === -1 ? -1 : numbers[i]! * size + part;
    }
  }
  const total = productOf(factors!);
  const done = total <= MAX_BYTES ? bytesOf(numbers, total) : new Set(numbers);
  if (places) {
    let count = 0;
    for (let i = 0; i < places.length; i++) {
      if (done instanceof Set ? done.has(places[i]!) : done[places[i]!] === 1) count++;
    }
    return count;
  }
  if (!(done instanceof Set)) return done.reduce((sum, each) => sum + each, 0);
  return done.size - Number(done.has(-1));
}

function bytesOf(numbers: Float64Array, total: number): Uint8Array {
  const isDone = new Uint8Array(total);
  for (let i = 0; i < numbers.length; i++) if (numbers[i]! >= 0) isDone[numbers[i]!] = 1;
  return isDone;
}
