import { isAxis, readAxes } from "../core/grids/axis.ts";
import { type Factor, type Grid, gridOf } from "../core/grids/grid.ts";
import { toRow } from "../core/values/to_row.ts";

/**
 * Returns the grid of the combinations wanted.
 *
 * @throws {TypeError} If they are neither axes nor params.
 */
export function wantedGrid(
  wanted: Readonly<Record<string, Iterable<unknown>>> | Iterable<object>,
): Grid {
  if (!isAxis(wanted)) {
    return gridOf(
      readAxes(wanted).map(([name, values]): Factor => ({
        names: [name],
        parts: values.map((value) => toRow({ [name]: value }, "grid")),
      })),
    );
  }
  const parts = Array.from(wanted, (params) => toRow({ ...params as object }, "grid"));
  return gridOf([{ names: [...new Set(parts.flatMap((part) => Object.keys(part)))], parts }]);
}
