import { type Grid, gridNumber, productOf } from "../../core/grids/grid.ts";
import { type Row, setEntry } from "../../core/values/value.ts";
import { groupRows } from "./columns/cells.ts";
import type { Columns } from "./columns/columns.ts";

/** Returns the number of combinations of a grid, and of those that have a row. */
export function planDone(
  columns: Columns,
  grid: Pick<Grid, "factors" | "places">,
): { readonly planned: number; readonly done: number } {
  const planned = grid.places?.length ?? productOf(grid.factors);
  const names = grid.factors.flatMap((factor) => factor.names);
  const known = names.filter((name) => columns.get(name));
  const done = columns.once("plan", () => {
    const { count, first } = groupRows(columns, known);
    const numberOf = gridNumber(grid);
    let done = 0;
    for (let group = 0; group < count; group++) {
      const params: Row = {};
      for (const name of known) {
        const value = columns.at(name, first[group]!);
        if (value !== undefined) setEntry(params, name, value);
      }
      if (numberOf(params) !== -1) done++;
    }
    return done;
  });
  return { planned, done };
}
