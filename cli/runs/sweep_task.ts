import { engineOf } from "../../core/contract/adapted_backend.ts";
import { Runs } from "../../core/runs/runs.ts";
import type { Items } from "../../core/sweeps/shard.ts";
import type { Output } from "../command.ts";
import { asStored } from "../grids/as_stored.ts";
import { checkNames } from "../grids/check_names.ts";
import { type GridValues, readGrid } from "../grids/grid.ts";
import { asUsage, UsageError } from "../usage_error.ts";
import { exportTask } from "./export_task.ts";
import { loadExport } from "./load_export.ts";
import type { Task } from "./task.ts";
import type { SweepValues } from "./sweep_options.ts";

/** What the sweep of a module's export is asked for. */
export type SweepTaskValues = GridValues & SweepValues & {
  readonly module: string;
  readonly workers: boolean;
};

/**
 * Imports a module and returns the sweep of its export over a grid.
 *
 * @throws {UsageError} If the export, the grid or an option does not fit.
 */
export async function sweepTask(values: SweepTaskValues, output: Output): Promise<Task> {
  // The grid is checked before the module's code runs.
  const grid = values.grid.length === 0 ? undefined : await readGrid(values, output.error);
  const found = await loadExport(values.module);
  if (!grid) {
    return await exportTask(found, paramsIn(found.exports), undefined, values, output);
  }
  await asUsage(() => checkNames(found.target, grid));
  const { combinations, count } = found.target instanceof Runs
    ? await asStored(grid, engineOf(await found.target.backend()), output.error)
    : grid;
  return await exportTask(found, combinations, count, values, output);
}

function paramsIn({ params, grid }: Readonly<Record<string, unknown>>): Items {
  const found = params ?? grid;
  if (typeof found === "object" && found !== null) {
    if (Symbol.iterator in found || Symbol.asyncIterator in found) return found as Items;
  }
  throw new UsageError(
    `there is no grid: name the values of each param, as in -g seed=0..99, or have the module ` +
      `export "params", an iterable of them`,
  );
}
