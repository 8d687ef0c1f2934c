import { type Factor, gridNumber, productOf } from "../../core/grids/grid.ts";
import { NAMESPACE, namespaceIn } from "../../core/values/columns.ts";
import { canonicalJson } from "../../core/values/json.ts";
import { type Row, setEntry } from "../../core/values/value.ts";
import { groupRows } from "./columns/cells.ts";
import type { Columns } from "./columns/columns.ts";
import type { ViewPlan } from "./view_facts.ts";

/** The maximum number of combinations that have a byte each. */
const MAX_BYTES = 100_000_000;

/** The maximum number of shards that are counted. */
const MAX_SHARDS = 2000;

/** Counts of combinations. */
export interface PlanDone {
  readonly planned: number;
  /** The number of combinations that have a row. */
  readonly done: number;
  /** The number of other keys that have a row. */
  readonly others: number;
  /** The number of combinations that have a row by plan and shard; null for a plan without shards. */
  readonly byShard: readonly (readonly number[] | null)[];
}

/** Returns the number of combinations of plans, of those that are done, and of other keys. */
export function plansDone(columns: Columns, plans: readonly ViewPlan[]): PlanDone {
  const keys = plans.map(({ namespace, count, time, defaults = {} }) =>
    JSON.stringify([namespace, count, time, canonicalJson(defaults)])
  );
  return columns.once(`plans ${keys}`, () => {
    const isPlanned = new Uint8Array(columns.length);
    const byShard = plans.map(({ factors, shards = MAX_SHARDS + 1 }) =>
      factors && shards <= MAX_SHARDS ? Array<number>(shards).fill(0) : null
    );
    const done = plans.map((plan, i) => countDone(columns, plan, isPlanned, byShard[i]!));
    return {
      planned: plans.reduce(
        (sum, { count, factors }, i) => sum + (factors ? count : Math.max(count, done[i]!)),
        0,
      ),
      done: done.reduce((sum, each) => sum + each, 0),
      others: isPlanned.includes(0)
        ? keysOf(columns).filter((row) => isPlanned[row] === 0).length
        : 0,
      byShard,
    };
  });
}

/** Returns a function that tells if a key without a row is a combination of plans. */
export function plannedKeys(plans: readonly ViewPlan[]): (params: Row) => boolean {
  const positions = plans.map(positionIn);
  return (params) => positions.some((positionOf) => positionOf(params) !== -1);
}

/** Functions of plans, by their places or factors: those of a large grid take long to make. */
const made = new WeakMap<object, (params: Row) => number>();

/**
 * Returns a function that gives the position of a key among the combinations of a plan, or -1. Those of a plan
 * whose combinations are too many to be known have the position 0.
 */
export function positionIn(plan: ViewPlan): (params: Row) => number {
  const { namespace, factors, places, defaults } = plan;
  let numberOf = factors && made.get(places ?? factors);
  if (factors && !numberOf) {
    numberOf = gridNumber({ factors, places: places ?? undefined, defaults });
    made.set(places ?? factors, numberOf);
  }
  return (params) =>
    namespace !== null && (namespaceIn(params) ?? "") !== namespace ? -1 : numberOf?.(params) ?? 0;
}

/** Returns the first row of each key. */
function keysOf(columns: Columns): Int32Array {
  return groupRows(columns, [...columns.params, NAMESPACE]).first;
}

/** Returns the number of combinations of a plan that have a row, also by shard, and marks their rows. */
function countDone(
  columns: Columns,
  plan: ViewPlan,
  isPlanned: Uint8Array,
  byShard: number[] | null,
): number {
  const { namespace, factors } = plan;
  const own = groupRows(columns, columns.get(NAMESPACE) ? [NAMESPACE] : []);
  const isOwn = Array.from(
    own.first,
    (row) => namespace === null || String(columns.at(NAMESPACE, row) ?? "") === namespace,
  );
  if (factors) {
    const isOwnRow = (row: number): boolean => isOwn[own.ids[row]!]!;
    return countCombinations(columns, plan, factors, isOwnRow, isPlanned, byShard);
  }
  // Which runs belong to it is not known: all of its namespace.
  for (let i = 0; i < columns.length; i++) if (isOwn[own.ids[i]!]) isPlanned[i] = 1;
  return keysOf(columns).filter((row) => isOwn[own.ids[row]!]).length;
}

function countCombinations(
  columns: Columns,
  { places, defaults }: ViewPlan,
  factors: readonly Factor[],
  isOwn: (row: number) => boolean,
  isPlanned: Uint8Array,
  byShard: number[] | null,
): number {
  const { length } = columns;
  const numbers = new Float64Array(length);
  for (let i = 0; i < length; i++) if (!isOwn(i)) numbers[i] = -1;
  for (const factor of factors) {
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
  const positions = places && new Map(Array.from(places, (place, i) => [place, i]));
  const done = doneOf(productOf(factors));
  let count = 0;
  for (let i = 0; i < length; i++) {
    const number = numbers[i]!;
    const position = positions ? positions.get(number) ?? -1 : number;
    if (position === -1) continue;
    isPlanned[i] = 1;
    if (!done.add(number)) continue;
    count++;
    if (byShard) byShard[position % byShard.length]!++;
  }
  return count;
}

/** Returns an empty set of numbers of combinations. Its `add()` is true for a number that was not in it. */
function doneOf(total: number): { add(number: number): boolean } {
  if (total > MAX_BYTES) {
    const numbers = new Set<number>();
    return { add: (number) => numbers.size < numbers.add(number).size };
  }
  const isDone = new Uint8Array(total);
  return {
    add(number) {
      if (isDone[number] === 1) return false;
      isDone[number] = 1;
      return true;
    },
  };
}
