import type { Engine } from "../contract/engine.ts";
import type { PlannedStatus } from "../contract/status_of.ts";
import type { SweepPlan } from "../contract/sweep_plan.ts";
import { gridNumber } from "../grids/grid.ts";
import { yielding } from "../runtime/yield_timer.ts";
import { NAMESPACE, namespaceIn } from "../values/columns.ts";
import type { Row } from "../values/value.ts";

/** Counter of rows: how many combinations of some plans have one. */
export interface PlannedCounter {
  /** The columns that it needs. */
  readonly columns: readonly string[];
  add(row: Row): void;
  status(): PlannedStatus | undefined;
}

/** Returns the counter for the plans of a store. */
export async function plannedCounter(engine: Engine): Promise<PlannedCounter> {
  const plans = await engine.plans();
  const counters = plans.map(counterOf);
  const names = plans.flatMap(({ factors }) => (factors ?? []).flatMap((factor) => factor.names));
  return {
    columns: plans.length === 0 ? [] : [...new Set([...names, NAMESPACE])],
    add(row) {
      for (const counter of counters) counter?.add(row);
    },
    status() {
      if (plans.length === 0) return undefined;
      const newest = plans.reduce((one, other) => other.time > one.time ? other : one);
      const shards = counters[plans.indexOf(newest)]?.shards();
      return {
        count: plans.reduce((sum, { count }) => sum + count, 0),
        done: counters.reduce<number | undefined>(
          (sum, counter) => sum === undefined || !counter ? undefined : sum + counter.done(),
          0,
        ),
        ...shards && { shards },
        command: newest.command,
      };
    },
  };
}

function counterOf({ namespace, count, factors, places, defaults, shards }: SweepPlan) {
  if (!factors) return undefined;
  const numberOf = gridNumber({ factors, places: places ?? undefined, defaults });
  const done = new Set<number>();
  return {
    add(row: Row): void {
      if ((namespaceIn(row) ?? "") !== namespace) return;
      const number = numberOf(row);
      if (number !== -1) done.add(number);
    },
    done: () => done.size,
    shards() {
      if (shards === undefined) return undefined;
      const left = Array.from({ length: shards }, (_, i) => Math.ceil((count - i) / shards));
      for (const number of done) left[number % shards]!--;
      return { count: shards, done: left.filter((each) => each <= 0).length };
    },
  };
}

/** Reads the rows of a store once for a counter, and for the number of rows and the largest text of a column. */
export async function countRows(
  engine: Engine,
  column: string,
  counter: PlannedCounter,
): Promise<{ readonly count: number; readonly lastRun: string | undefined }> {
  let count = 0;
  let lastRun: string | undefined;
  for await (const row of yielding(engine.rows({ columns: [column, ...counter.columns] }))) {
    count++;
    counter.add(row);
    const time = row[column];
    if (typeof time === "string" && (lastRun === undefined || time > lastRun)) lastRun = time;
  }
  return { count, lastRun };
}
