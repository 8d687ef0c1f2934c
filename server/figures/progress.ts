import { writeCell } from "../../core/values/cell.ts";
import { NAMESPACE } from "../../core/values/columns.ts";
import type { Row } from "../../core/values/value.ts";
import { type Figure, plainNumber } from "./figure.ts";
import type { GridDone } from "../mirror/grid_done.ts";
import type { Mirror } from "../mirror/mirror.ts";
import { fromMirror } from "../mirror/mirror_value.ts";
import type { GridProgress, Progress } from "./figures_schemas.ts";
import { recentRate } from "./recent_rate.ts";
import { rolesOf } from "./roles.ts";

/** What others know: the keys that are failed or run now. */
export interface Known {
  readonly failed: readonly Row[];
  readonly running: readonly Row[];
}

/** How many of the newest runs tell how fast it goes. */
const NEWEST = 200;
/** How many times the keys known a guessed grid may be. */
const PLAUSIBLE = 10;

/** How far the work has come, at a time in seconds since 1970. */
export function progressOf(
  mirror: Mirror,
  known: Known,
  given: GridDone | undefined,
  now: number,
): Progress {
  const { params } = rolesOf(mirror.columns);
  const { table } = mirror;
  const columns = params.map((name) => mirror.sql(name)).join(", ");
  const [[first, last] = []] = mirror.all({
    text: `SELECT min(ended), max(ended) FROM ${table}`,
    values: [],
  });
  const done = params.length === 0 ? mirror.count : plainNumber(
    mirror.all({
      text: `SELECT count(*) FROM (SELECT DISTINCT ${columns} FROM ${table})`,
      values: [],
    })[0]![0],
  )!;
  const newest = mirror.all({
    text: `SELECT ended, took FROM ${table} WHERE ended IS NOT NULL ORDER BY ended DESC LIMIT ?`,
    values: [BigInt(NEWEST)],
  });
  const ends = newest.map(([end]) => plainNumber(end)!);
  const durations = newest.flatMap(([, took]) => plainNumber(took) ?? []);
  const mean = durations.length === 0
    ? null
    : durations.reduce((sum, each) => sum + each, 0) / durations.length;
  const running = known.running.length;
  let rate = recentRate(ends, now);
  // Long runs: too few ended of late, but how long they take and how many there are is known.
  if (rate === undefined && running > 0 && mean !== null && mean > 0) rate = running / mean;
  const grid = given
    ? { total: given.grid.count, done: given.count(mirror), inferred: false }
    : inferred(mirror, params, known, done);
  return {
    rows: mirror.count,
    done,
    failed: known.failed.length,
    running,
    rate_per_second: rate ?? null,
    mean_seconds: mean,
    first_run: timeText(first),
    last_run: timeText(last),
    grid: grid && {
      ...grid,
      left_seconds: grid.done >= grid.total ? 0 : rate ? (grid.total - grid.done) / rate : null,
    },
  };
}

/** Every value seen of a param with every value of the others, if so many can be meant. */
function inferred(
  mirror: Mirror,
  params: readonly string[],
  { failed, running }: Known,
  done: number,
): Omit<GridProgress, "left_seconds"> | null {
  const others = [...failed, ...running];
  const seen = done + others.length;
  if (seen === 0 || params.length === 0 && others.length === 0) return null;
  const names = new Set([...params, ...others.flatMap((row) => Object.keys(row))]);
  let total = 1;
  for (const name of names) {
    const cells = new Set(
      others.map((row) => Object.hasOwn(row, name) ? writeCell(row[name]!) : ""),
    );
    if (params.includes(name)) {
      const values = mirror.distinct(name);
      if (!values) return null;
      for (const cell of values) {
        const value = fromMirror(cell);
        cells.add(value === undefined ? "" : writeCell(value));
      }
    }
    // Functions that share a store, and params that some runs lack, are no one grid.
    if (cells.has("") || name === NAMESPACE && cells.size > 1) return null;
    total *= cells.size;
    if (total > PLAUSIBLE * seen) return null;
  }
  return { total, done, inferred: true };
}

function timeText(seconds: Figure): string | null {
  const number = plainNumber(seconds);
  return number === null ? null : new Date(number * 1000).toISOString();
}
