import type { Engine } from "../../core/contract/engine.ts";
import type { Grid } from "../../core/grids/grid.ts";
import type { Target } from "../../core/runs/target.ts";
import type { Items } from "../../core/sweeps/shard.ts";
import { NAMESPACE } from "../../core/values/columns.ts";
import { canonicalJson } from "../../core/values/json.ts";
import { nearestName } from "../../core/values/nearest_name.ts";
import type { Row } from "../../core/values/value.ts";
import type { Output } from "../command.ts";
import { asStored } from "../grids/as_stored.ts";
import { type GridValues, readGrid } from "../grids/grid.ts";
import { confirmEarlierRows, earlierRows } from "../grids/earlier_rows.ts";
import { asUsage, UsageError } from "../usage_error.ts";
import { checkOwnStore } from "./executor_of.ts";
import { exportTask, loadExport } from "./export_task.ts";
import type { Task } from "./task.ts";
import type { EngineValues, SweepValues } from "./sweep_options.ts";

/** What the sweep of a module's export is asked for. */
export type SweepTaskValues = GridValues & SweepValues & EngineValues & {
  readonly module: string;
  readonly store: string | undefined;
  readonly save: boolean;
  readonly workers: boolean;
  readonly dryRun?: boolean;
};

/**
 * Imports a module and returns the sweep of its export over a grid.
 *
 * @throws {UsageError} If the export, the grid or an option does not fit.
 */
export async function sweepTask(values: SweepTaskValues, output: Output): Promise<Task> {
  // The grid is checked before the module's code runs.
  const grid = values.grid.length === 0 ? undefined : await readGrid(values, output.error);
  if (!grid) checkNoGrid(values);
  const found = await loadExport(values.module, values);
  if (values.engine !== undefined && values.store !== undefined) {
    checkOwnStore(found.name, found.target.ownStore, values.store);
  }
  if (!grid) {
    return await exportTask(found, paramsIn(found.exports), undefined, values, output);
  }
  await asUsage(() => checkNames(found.target, grid));
  const backend = await found.target.backend?.();
  const stored = backend ? await asStored(grid, backend, output.error) : grid;
  if (backend) await checkEarlierRows(found.target, backend, stored, values, output);
  return await exportTask(found, stored.combinations, stored.count, values, output);
}

/** Asks if all is to run, if rows do not count since the grid has a new param. */
async function checkEarlierRows(
  target: Target,
  backend: Engine,
  grid: Grid,
  { dryRun = false }: SweepTaskValues,
  output: Output,
): Promise<void> {
  const [first] = grid.combinations;
  const { defaults, columns = grid.names } = target.plan(first).key.shape;
  const isKnown = (name: string): boolean => defaults.has(name) || !columns.includes(name);
  const earlier = await earlierRows(backend, grid, target.namespace, isKnown);
  if (!earlier) return;
  const remedy = (added: Row): string => `once(…, { defaults: ${canonicalJson(added)} })`;
  await confirmEarlierRows(earlier, grid, backend.location, remedy, output, !dryRun);
}

/** @throws {UsageError} If options narrow a grid that is the module's own. */
function checkNoGrid({ zip = [], filter, sample, seed }: GridValues): void {
  const given = Object.entries({ zip: zip[0], filter, sample, seed }).find(([, value]) =>
    value !== undefined
  );
  if (!given) return;
  throw new UsageError(
    `--${given[0]} needs -g: the params that the module exports are run as they are`,
  );
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

/**
 * Checks that the names of a grid are in the key: other values would all be one run, and most of them
 * would never run.
 *
 * @throws {UsageError} If an axis is not in the function's key. @throws {TypeError} If there is no key.
 */
function checkNames(target: Target, grid: Grid): void {
  if (!target.backend) return; // a Store knows its columns
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
