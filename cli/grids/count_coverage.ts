import { NAMESPACE } from "../../core/values/columns.ts";
import type { Engine } from "../../core/contract/engine.ts";
import type { Factor } from "../../core/grids/factor.ts";
import type { Grid } from "../../core/grids/grid.ts";
import { gridNumber } from "../../core/grids/grid_number.ts";
import { keyParams } from "../../core/keys/key_params.ts";
import { type Row, setEntry } from "../../core/values/value.ts";
import { yielding } from "../../core/runtime/yield_timer.ts";
import { UsageError } from "../usage_error.ts";

/** What can be said of a combination, from the weakest to the strongest. */
export const STATES = ["missing", "failed", "running", "done"] as const;

/** What can be said of a combination. */
export type State = typeof STATES[number];

/** How much of a grid a store has. */
export interface Coverage {
  readonly grid: Grid;
  readonly counts: Readonly<Record<State, number>>;
  /** How many rows of the namespace are no combination of the grid. */
  readonly outside: number;
  /** How many rows are in other namespaces. */
  readonly elsewhere: number;
  /** For each factor, how many combinations of each of its parts are done. */
  readonly doneByPart: readonly (readonly number[])[];
  /** The combinations in a state, in the order of the grid. */
  inState(state: State): Iterable<Row>;
}

/** The most combinations: each takes a byte. */
const MOST = 2 ** 31;

/**
 * Counts which combinations of a grid are done: those of which a row agrees on the grid's names. In
 * memory are a byte for each combination, and the values of the axes.
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
  if (grid.count > MOST) {
    throw new UsageError(`the grid has ${grid.count} combinations, more than ${MOST}`);
  }
  const states = new Uint8Array(grid.count);
  const numberOf = gridNumber(grid.factors);
  let outside = 0;
  let elsewhere = 0;
  /** Whether the row or key is a combination of the grid. */
  const mark = (params: Row, state: State): boolean | undefined => {
    const space = params[NAMESPACE];
    if ((space === undefined ? undefined : String(space)) !== namespace) return undefined;
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

  const byState = STATES.map(() => 0);
  const doneByPart = grid.factors.map(({ parts }) => parts.map(() => 0));
  const done = STATES.indexOf("done");
  for (let number = 0; number < states.length; number++) {
    byState[states[number]!]!++;
    if (states[number] !== done) continue;
    let rest = number;
    for (let i = grid.factors.length - 1; i >= 0; i--) {
      const { length } = grid.factors[i]!.parts;
      doneByPart[i]![rest % length]!++;
      rest = Math.floor(rest / length);
    }
  }
  return {
    grid,
    counts: Object.fromEntries(STATES.map((state, i) => [state, byState[i]])) as Coverage["counts"],
    outside,
    elsewhere,
    doneByPart,
    inState: (state) => ({
      *[Symbol.iterator]() {
        const wanted = STATES.indexOf(state);
        for (let number = 0; number < states.length; number++) {
          if (states[number] === wanted) yield combinationAt(grid.factors, number);
        }
      },
    }),
  };
}

/** The combination at a place in the order of the grid. */
function combinationAt(factors: readonly Factor[], number: number): Row {
  const parts: Row[] = [];
  for (const { parts: { length }, parts: all } of factors.toReversed()) {
    parts.unshift(all[number % length]!);
    number = Math.floor(number / length);
  }
  const combination: Row = {};
  for (const part of parts) {
    for (const name of Object.keys(part)) setEntry(combination, name, part[name]!);
  }
  return combination;
}
