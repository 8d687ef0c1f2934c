import { NAMESPACE, namespaceIn } from "../../core/values/columns.ts";
import type { Engine } from "../../core/contract/engine.ts";
import { combinationAt, type Grid, gridNumber, partsAt } from "../../core/grids/grid.ts";
import { keyParams } from "../../core/keys/key.ts";
import type { Row } from "../../core/values/value.ts";
import { yielding } from "../../core/runtime/yield_timer.ts";
import { UsageError } from "../usage_error.ts";

/** States of a combination; of several the last counts. */
export const STATES = ["missing", "failed", "running", "done"] as const;

/** State of a combination. */
export type State = typeof STATES[number];

/** Counts of a grid in a store. */
export interface Coverage {
  readonly grid: Grid;
  readonly counts: Readonly<Record<State, number>>;
  /** Number of rows of the namespace that are no combination of the grid. */
  readonly outside: number;
  /** Number of rows in other namespaces. */
  readonly elsewhere: number;
  /** For each factor, the number of done combinations of each of its parts. */
  readonly doneByPart: readonly (readonly number[])[];
  /** The same of all combinations. */
  readonly totalByPart: readonly (readonly number[])[];
  /** Returns the combinations in a state, in the order of the grid. */
  inState(state: State): Iterable<Row>;
}

/** Maximum number of combinations: each takes a byte. */
const MAX_COMBINATIONS = 2 ** 31;

/**
 * Counts which combinations of a grid are done: those of which a row agrees on the grid's names, with the
 * defaults of the newest sweep. In memory are a byte for each combination, and the values of the axes.
 *
 * @param onOutside Gets each row that is no combination of the grid, if it is given.
 * @throws {UsageError} If there are too many.
 */
export async function countCoverage(
  backend: Engine,
  grid: Grid,
  namespace: string | undefined,
  onOutside?: (row: Row) => void,
): Promise<Coverage> {
  if (grid.count > MAX_COMBINATIONS) {
    throw new UsageError(`the grid has ${grid.count} combinations, more than ${MAX_COMBINATIONS}`);
  }
  const states = new Uint8Array(grid.count);
  const plan = (await backend.plans()).find((plan) => plan.namespace === (namespace ?? ""));
  const numberOf = gridNumber({ ...grid, defaults: plan?.defaults });
  let outside = 0;
  let elsewhere = 0;
  /** Returns true if the row or key is a combination of the grid; undefined in another namespace. */
  const mark = (params: Row, state: State): boolean | undefined => {
    if (namespaceIn(params) !== namespace) return undefined;
    const number = numberOf(params);
    if (number === -1) return false;
    states[number] = Math.max(states[number]!, STATES.indexOf(state));
    return true;
  };
  const columns = onOutside ? {} : { columns: [...grid.names, NAMESPACE] };
  for await (const row of yielding(backend.rows(columns))) {
    const isInside = mark(row, "done");
    if (isInside === undefined) elsewhere++;
    else if (!isInside) {
      outside++;
      onOutside?.(row);
    }
  }
  for (const { params } of await backend.failures()) mark(params, "failed");
  for (const { key } of await backend.held()) mark(keyParams(key), "running");

  const placeOf = (number: number): number => grid.places ? grid.places[number]! : number;
  const byState = STATES.map(() => 0);
  const doneByPart = grid.factors.map(({ parts }) => parts.map(() => 0));
  const totalByPart = grid.factors.map(({ parts }) =>
    parts.map(() => grid.places ? 0 : grid.count / parts.length)
  );
  const done = STATES.indexOf("done");
  for (let number = 0; number < states.length; number++) {
    byState[states[number]!]!++;
    const isDone = states[number] === done;
    if (!isDone && !grid.places) continue;
    for (const [i, part] of partsAt(grid.factors, placeOf(number)).entries()) {
      if (isDone) doneByPart[i]![part]!++;
      if (grid.places) totalByPart[i]![part]!++;
    }
  }
  return {
    grid,
    counts: Object.fromEntries(STATES.map((state, i) => [state, byState[i]])) as Coverage["counts"],
    outside,
    elsewhere,
    doneByPart,
    totalByPart,
    inState: (state) => ({
      *[Symbol.iterator]() {
        const wanted = STATES.indexOf(state);
        for (let number = 0; number < states.length; number++) {
          if (states[number] === wanted) yield combinationAt(grid.factors, placeOf(number));
        }
      },
    }),
  };
}
