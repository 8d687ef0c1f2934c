import { type Grid, gridOf } from "../../core/grids/grid.ts";
import { drawPlaces } from "../../core/grids/random.ts";
import { parseWhere, type Where } from "../../core/tools/where.ts";
import { messageOf } from "../../core/errors.ts";
import { asUsageError, UsageError } from "../usage_error.ts";
import { drawGrid, type Source } from "./draws.ts";
import { zipFactors } from "./zip_factors.ts";

/** Maximum number of combinations that are looked at for a filter. */
const MAX_FILTERED = 10_000_000;

/** Combinations of a grid that are wanted. */
export interface NarrowOptions {
  /** Names of params that go hand in hand. */
  readonly zip?: readonly (readonly string[])[];
  /** An expression that combinations pass. */
  readonly filter?: string | undefined;
  /** Number of combinations that are drawn. */
  readonly sample?: number | undefined;
  readonly seed?: number | undefined;
}

/**
 * Returns the grid of some sources: zipped, then filtered, then sampled. A shard takes its part of what is left.
 *
 * @param note Gets a line if the sample is smaller than it should be.
 * @throws {UsageError} If an option does not fit the grid, or nothing is left.
 */
export function narrowGrid(
  sources: readonly Source[],
  { zip = [], filter, sample, seed }: NarrowOptions,
  note: (line: string) => void,
): Grid {
  const drawn = sources.find(({ draw }) => draw !== undefined);
  if (sample === undefined && seed !== undefined) throw new UsageError("--seed needs --sample");
  if (sample === undefined && drawn) {
    throw new UsageError(
      `${drawn.names[0]} is drawn at random: say how many combinations, as in --sample 200`,
    );
  }
  const unzipped = sources.find(({ names, draw }) =>
    typeof draw === "object" && zip.flat().includes(names[0]!)
  );
  if (unzipped) {
    throw new UsageError(
      `Cannot zip ${unzipped.names[0]}: it is drawn at random, and has no first value`,
    );
  }
  const factors = asGridUsage(() => zipFactors(sources, zip)) as readonly Source[];
  const passes = filter === undefined ? undefined : readFilter(filter, factors);
  const grid = drawn
    ? asGridUsage(() => drawGrid(factors, sample!, seed ?? 0, passes))
    : sampled(filtered(gridOf(factors), passes), sample, seed);
  if (grid.count === 0) throw new UsageError(`--filter "${filter}" lets no combination through`);
  if (sample !== undefined && grid.count < sample) {
    note(`there are ${grid.count} combinations only, fewer than --sample ${sample}`);
  }
  return grid;
}

function filtered(grid: Grid, passes: Where | undefined): Grid {
  if (!passes) return grid;
  if (grid.count > MAX_FILTERED) {
    throw new UsageError(
      `the grid has ${grid.count} combinations, and --filter looks at ${MAX_FILTERED} at most; draw ` +
        "them: write choice: before the values of a param, and give --sample",
    );
  }
  const places: number[] = [];
  let place = 0;
  for (const params of grid.combinations) {
    if (passes(params)) places.push(place);
    place++;
  }
  return gridOf(grid.factors, places);
}

function sampled(grid: Grid, sample: number | undefined, seed = 0): Grid {
  if (sample === undefined) return grid;
  const { places, count } = grid;
  if (!Number.isSafeInteger(count)) {
    throw new UsageError(`the grid has ${count} combinations, too many to count for --sample`);
  }
  const drawn = drawPlaces(count, sample, seed);
  return gridOf(grid.factors, places ? drawn.map((i) => places[i]!) : drawn);
}

function readFilter(filter: string, factors: readonly Source[]): Where {
  try {
    return parseWhere(filter, factors.flatMap(({ names }) => names));
  } catch (error) {
    throw new UsageError(`--filter: ${messageOf(error)}`, { cause: error });
  }
}

/** Runs a body; its errors about the grid are of the command line. */
function asGridUsage<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw asUsageError(error);
  }
}
