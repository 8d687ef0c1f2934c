import { keyOf as runKey, keyShape } from "../../core/keys/key.ts";
import { NAMESPACE } from "../../core/values/columns.ts";
import type { ViewProgress } from "../view.ts";
import { countGroups } from "./columns/cells.ts";
import { keyOf } from "./columns/column.ts";
import type { Columns } from "./columns/columns.ts";
import { plannedKeys, plansDone } from "./plan_done.ts";
import type { ViewFacts } from "./view_facts.ts";

/** The number of newest runs that the rate is of. */
const NEWEST = 200;
/** The maximum size of an inferred grid, as a multiple of the known keys. */
const MAX_INFERRED_FACTOR = 10;
/** The maximum age of a recent run, in seconds. */
const MAX_AGE_SECONDS = 15 * 60;
/** The minimum number of runs before a pause is recognised. */
const MIN_RUNS = 5;
/** The minimum length of a pause, as a multiple of the usual time between runs, and in seconds. */
const MIN_PAUSE = 10;

/** Returns how far the work has come, over all runs of the store. */
export function progressOf(columns: Columns, facts: ViewFacts): ViewProgress {
  const { failures, claims, plans, now } = facts;
  const { planned, done, others } = plans.length > 0
    ? plansDone(columns, plans)
    : { ...inferredDone(columns, facts), others: 0 };
  const { first, last, took } = columns.times;
  const mean = meanSeconds(columns) ?? 0;
  const ends = newestEnds(columns, NEWEST);
  let rate = recentRate(ends, now / 1000);
  // Long runs: too few ended of late, but how long they take and how many there are is known.
  if (rate === undefined && claims.length > 0 && mean > 0) rate = claims.length / mean;
  const failed = plannedFailures(facts);
  return {
    store: facts.store,
    location: facts.location,
    done,
    others,
    failed: failures.length,
    other_failed: failures.length - failed,
    running: claims.length,
    planned,
    planned_from: planned === null ? null : plans[0]?.from ?? "values",
    reading: facts.reading,
    per_second: rate ?? null,
    left_seconds: claims.length > 0 && planned !== null && rate
      ? Math.max(0, planned - done - failed + runningAgain(facts)) / rate
      : null,
    first_run: timeText(first),
    last_run: timeText(last),
    took_seconds: took.sum,
    command: facts.command,
    problem: facts.problem,
  };
}

/** Returns the number of planned runs that failed and are running again. */
function runningAgain({ failures, claims, plans }: ViewFacts): number {
  const running = new Set(claims.map(({ key }) => key));
  const shape = keyShape(undefined);
  return plannedFailures({
    failures: failures.filter(({ params }) => running.has(runKey(shape, params).text)),
    plans,
  });
}

/** Returns the number of failures of runs that are planned. */
function plannedFailures({ failures, plans }: Pick<ViewFacts, "failures" | "plans">): number {
  if (plans.length === 0 || failures.length === 0) return failures.length;
  const isPlanned = plannedKeys(plans);
  return failures.filter(({ params }) => isPlanned(params)).length;
}

/** Returns the number of keys, each counted once, and that of the combinations of their values. */
function inferredDone(
  columns: Columns,
  facts: ViewFacts,
): { readonly planned: number | null; readonly done: number } {
  const done = countGroups(columns, keyNames(columns));
  return { planned: inferred(columns, facts, done), done };
}

/** Returns the mean duration of the newest runs; undefined if none is known. */
export function meanSeconds({ took, length }: Columns): number | undefined {
  const seconds = took.subarray(Math.max(0, length - NEWEST), length)
    .filter((each) => !Number.isNaN(each));
  if (seconds.length === 0) return undefined;
  return seconds.reduce((sum, each) => sum + each, 0) / seconds.length;
}

/** Returns the columns of keys. */
export function keyNames(columns: Columns): string[] {
  return columns.get(NAMESPACE) ? [...columns.params, NAMESPACE] : [...columns.params];
}

/** Returns the number of all combinations of the values seen; null if it is not plausible. */
function inferred(columns: Columns, { failures, claims }: ViewFacts, done: number): number | null {
  const others = [...failures, ...claims].map(({ params }) => params);
  const seen = done + others.length;
  const params = keyNames(columns);
  if (seen === 0 || params.length === 0 && others.length === 0) return null;
  const names = new Set([...params, ...others.flatMap((row) => Object.keys(row))]);
  let total = 1;
  for (const name of names) {
    const values = new Set(
      others.map((row) => Object.hasOwn(row, name) ? keyOf(row[name]!) : undefined),
    );
    const column = columns.get(name);
    if (params.includes(name) && column) {
      if (column.long) return null;
      const { rows, values: all } = column.coded();
      for (const [code, value] of all.entries()) {
        if (rows[code]! > 0) values.add(value === undefined ? undefined : keyOf(value));
      }
    }
    // Functions that share a store, and params that some runs lack, are no one grid.
    if (values.has(undefined) || name === NAMESPACE && values.size > 1) return null;
    total *= values.size;
    if (total > MAX_INFERRED_FACTOR * seen) return null;
  }
  return total;
}

function timeText(seconds: number): string | null {
  return Number.isFinite(seconds) ? new Date(seconds * 1000).toISOString() : null;
}

/** Returns the ends of the newest runs, the newest first. */
function newestEnds({ ended, length }: Columns, count: number): number[] {
  // Rows are nearly in the order of their ends.
  const some = Array.from(ended.subarray(Math.max(0, length - 4 * count), length));
  return some.filter((time) => !Number.isNaN(time)).sort((a, b) => b - a).slice(0, count);
}

/**
 * Returns how many runs end in a second at present; undefined if too few ended of late. Only runs after
 * the last long pause count, so that a sweep that was just restarted is not taken for a slow one.
 *
 * @param ends The ends of runs, the newest first, in seconds.
 * @param now The time in seconds.
 */
export function recentRate(ends: readonly number[], now: number): number | undefined {
  let count = 0;
  let oldest = now;
  for (const end of ends) {
    if (end > now) continue; // of another machine's clock
    if (now - end > MAX_AGE_SECONDS) break;
    const usual = (now - oldest) / Math.max(count, 1);
    if (count >= MIN_RUNS && oldest - end > MIN_PAUSE * Math.max(usual, 1)) break;
    oldest = end;
    count++;
  }
  return count < 2 || oldest === now ? undefined : (count - 1) / (now - oldest);
}
