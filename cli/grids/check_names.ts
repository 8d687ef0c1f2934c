import { NAMESPACE } from "../../core/values/columns.ts";
import { nearestName } from "../../core/values/nearest_name.ts";
import { Runs } from "../../core/runs/runs.ts";
import type { Target } from "../../core/runs/target.ts";
import { UsageError } from "../usage_error.ts";
import type { Grid } from "../../core/grids/grid.ts";

/**
 * Checks that the names of a grid are in the key: other values would all be one run, and most of them
 * would never run.
 *
 * @throws {UsageError} If an axis is not in the function's key. @throws {TypeError} If there is no key.
 */
export function checkNames(target: Target, grid: Grid): void {
  if (!(target instanceof Runs)) return; // a Store knows its columns
  for (const combination of grid.combinations) {
    const { columns } = target.plan(combination).key.shape;
    if (!columns) return; // every param is in the key
    const key = columns.filter((name) => name !== NAMESPACE);
    const missing = key.filter((name) => !grid.names.includes(name));
    for (const { names, parts } of grid.factors) {
      for (const name of names) {
        // Next to a whole key other params may pass through: one value for all, or a column of a file.
        const passes = missing.length === 0 && (parts.length === 1 || names.length > 1);
        if (key.includes(name) || passes) continue;
        const nearest = nearestName(name, missing);
        throw new UsageError(
          `the key of ${target.label}() has no "${name}"` +
            (nearest === undefined
              ? `; it is made of ${key.join(", ")}`
              : `; did you mean "${nearest}"?`),
        );
      }
    }
    return; // the key's columns are the same for all
  }
}
