import { writeCell } from "../../core/values/cell.ts";
import { NAMESPACE } from "../../core/values/columns.ts";
import { recentRate } from "../../figures/data/progress.ts";
import { rolesOf } from "./roles_of.ts";
import type { Row } from "../../core/values/value.ts";
import type { Mirror } from "../mirror/mirror.ts";
import { cellText, numberOf, type SqlValue } from "../mirror/mirror_value.ts";
import type { GridProgress, Progress } from "./figures_schemas.ts";

/** Keys without a row: of runs that failed or are under way. */
export interface KnownKeys {
  readonly failed: readonly Row[];
  readonly running: readonly Row[];
}

/** The combinations wanted, and how many of them are done. */
export type Wanted = Pick<GridProgress, "total" | "done" | "from">;

/** The number of newest runs that rate and mean duration are of. */
const NEWEST = 200;
/** The maximum size of an inferred grid, as a multiple of the known keys. */
const MAX_INFERRED_FACTOR = 10;

/** Returns how far the work has come, at a time in seconds since 1970. */
export function progressOf(
  mirror: Mirror,
  known: KnownKeys,
  wanted: Wanted | undefined,
  now: number,
): Progress {
  const { params } = rolesOf(mirror.columns);
  const { table } = mirror;
  const columns = params.map((name) => mirror.sql(name)).join(", ");
  const [[first, last] = []] = mirror.db.all(`SELECT min(ended), max(ended) FROM ${table}`);
  const keys = params.length === 0 ? table : `(SELECT DISTINCT ${columns} FROM ${table})`;
  const [[count] = []] = mirror.db.all(`SELECT count(*) FROM ${keys}`);
  const done = Number(count);
  const newest = mirror.db.all(
    `SELECT ended, took FROM ${table} WHERE ended IS NOT NULL ORDER BY ended DESC LIMIT ${NEWEST}`,
  );
  const ends = newest.map(([end]) => numberOf(end)!);
  const durations = newest.flatMap(([, took]) => numberOf(took) ?? []);
  const mean = durations.length === 0
    ? null
    : durations.reduce((sum, each) => sum + each, 0) / durations.length;
  const running = known.running.length;
  let rate = recentRate(ends, now);
  // Long runs: too few ended of late, but how long they take and how many there are is known.
  if (rate === undefined && running > 0 && mean !== null && mean > 0) rate = running / mean;
  const grid = wanted ?? inferred(mirror, params, known, done);
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
      inferred: grid.from === "values",
      left_seconds: grid.done >= grid.total
        ? 0
        : rate && running > 0
        ? (grid.total - grid.done) / rate
        : null,
    },
  };
}

/** Returns every value seen of a param with every value of the others; null if it is not plausible. */
function inferred(
  mirror: Mirror,
  params: readonly string[],
  { failed, running }: KnownKeys,
  done: number,
): Wanted | null {
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
      for (const cell of values) cells.add(cellText(cell));
    }
    // Functions that share a store, and params that some runs lack, are no one grid.
    if (cells.has("") || name === NAMESPACE && cells.size > 1) return null;
    total *= cells.size;
    if (total > MAX_INFERRED_FACTOR * seen) return null;
  }
  return { total, done, from: "values" };
}

function timeText(seconds: SqlValue | undefined): string | null {
  const number = numberOf(seconds);
  return number === null ? null : new Date(number * 1000).toISOString();
}
