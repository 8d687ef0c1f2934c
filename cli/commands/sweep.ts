import { engineOf } from "../../core/contract/adapted_backend.ts";
import type { Grid } from "../../core/grids/grid.ts";
import { Runs } from "../../core/runs/runs.ts";
import type { Target } from "../../core/runs/target.ts";
import type { Items } from "../../core/sweeps/shard.ts";
import { NAMESPACE } from "../../core/values/columns.ts";
import { nearestName } from "../../core/values/nearest_name.ts";
import { asStored } from "../grids/as_stored.ts";
import { type Command, command } from "../command.ts";
import { gridNote, gridOptions, readGrid } from "../grids/grid.ts";
import { flag, option, required, text } from "../options.ts";
import { loadExport, sweepExport, useStore } from "../runs/sweep_export.ts";
import { engineOptions, sweepNote, sweepOptions } from "../runs/sweep_options.ts";
import { asUsage, UsageError } from "../usage_error.ts";

/** `stet sweep`. */
export const sweep: Command = command({
  name: "sweep",
  summary: "run an exported function once for every combination",
  usage: ["module.ts#export [-g name=values ...] [options]"],
  about:
    `Runs a function that once() has wrapped, or a Store, for every combination that is not done; its own
     options say where runs are remembered. Without -g the combinations are the module's export "params",
     or "grid": an array or another iterable. Without #export it is the default export.`,
  arguments: { module: required("module.ts#export", "one module.ts#export") },
  options: {
    ...gridOptions,
    store: option(text("store"), "remember runs here, instead of where the function says", {
      short: "s",
    }),
    workers: flag("run in worker processes, which import the module: for what computes"),
    ...sweepOptions,
    jobs: {
      ...sweepOptions.jobs,
      help: "how many at once (default 1; with --workers one for each processor)",
    },
    ...engineOptions,
  },
  notes: [gridNote, sweepNote],
  exitCode1: "some runs failed, or were not begun",
  examples: [
    "train.ts#train -g alpha=0.1,0.5 -g seed=0..19 --workers",
    "evals.ts#ask -j 16 --per-second 5 --retries 3",
    `train.ts#train -g seed=0..9999 --engine pgboss \\
    --store postgres://host/database`,
  ],
  async run(values, output): Promise<number> {
    // The grid is checked before the module's code runs.
    const grid = values.grid.length === 0 ? undefined : await readGrid(values, output.error);
    const found = await loadExport(values.module);
    if (values.store !== undefined) useStore(found, values.store);
    if (!grid) {
      return await sweepExport(found, paramsIn(found.exports), undefined, values, output);
    }
    await asUsage(() => checkNames(found.target, grid));
    const { combinations, count } = found.target instanceof Runs
      ? await asStored(grid, engineOf(await found.target.backend()), output.error)
      : grid;
    return await sweepExport(found, combinations, count, values, output);
  },
});

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
