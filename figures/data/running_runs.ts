import type { RunningRun } from "../view.ts";
import { namedOf, withinLength } from "./failure_groups.ts";
import { quantile } from "./quantile.ts";
import type { Selection } from "./selection.ts";
import { labelOf } from "./view_axis.ts";

/** The maximum number of runs listed. */
const MAX_RUNS = 100;
/** The maximum length of all keys. */
const MAX_KEYS = 20_000;
/** A run is slow from so many times the 95 % quantile. */
const SLOW_FACTOR = 3;
/** The minimum number of durations for a quantile. */
const MIN_RUNS = 5;

/** Returns the runs under way, those since the longest time first. */
export function runningRuns(selection: Selection): RunningRun[] {
  const { cells, claims, columns, facts: { now }, params } = selection;
  if (claims.length === 0) return [];
  const cellKey = (values: readonly string[]): string => JSON.stringify(values);
  const wanted = claims.map(({ params: of }) =>
    cellKey(params.map((name) => labelOf(Object.hasOwn(of, name) ? of[name] : undefined)))
  );
  const isWanted = new Set(wanted);
  const found = new Map<string, number>();
  for (let cell = 0; cell < cells.count; cell++) {
    const key = cellKey(params.map((name) => labelOf(columns.at(name, cells.first[cell]!))));
    if (isWanted.has(key)) found.set(key, cell);
  }
  const durations = columns.took.subarray(0, columns.length).filter((each) => !Number.isNaN(each))
    .sort();
  const mean = durations.reduce((sum, each) => sum + each, 0) / durations.length;
  const limit = durations.length >= MIN_RUNS ? SLOW_FACTOR * quantile(durations, 0.95) : Infinity;
  const runs = claims.map((claim, i): RunningRun => {
    const cell = found.get(wanted[i]!);
    const own = cell === undefined ? NaN : cells.took[cell]!;
    const usual = Number.isNaN(own) ? mean : own;
    const seconds = claim.since === null ? NaN : (now - Date.parse(claim.since)) / 1000;
    return {
      params: namedOf(selection, claim.params),
      holder: claim.holder,
      key: claim.key,
      since: claim.since,
      usual_seconds: Number.isNaN(usual) ? null : usual,
      // A configuration that takes long as a rule is not slow.
      slow: seconds > Math.max(limit, SLOW_FACTOR * usual),
    };
  }).sort((a, b) => (a.since ?? "~") < (b.since ?? "~") ? -1 : 1).slice(0, MAX_RUNS);
  return withinLength(runs, MAX_KEYS);
}
