import { engineOf } from "../../core/contract/adapted_backend.ts";
import type { Executor } from "../../core/runs/executor.ts";
import { inProcess } from "../../core/runs/in_process.ts";
import { Runs } from "../../core/runs/runs.ts";
import type { Items } from "../../core/sweeps/sweep.ts";
import type { Output } from "../command.ts";
import { asUsageError } from "../usage_error.ts";
import type { SweptExport } from "./load_export.ts";
import { newestDurations } from "./newest_durations.ts";
import { runSweep } from "./run_sweep.ts";
import { readSweepOptions, type SweepValues } from "./sweep_options.ts";

/** How long combinations are counted to know how many there are, in milliseconds. */
const COUNTING = 500;

/**
 * Sweeps an export of a module and resolves to the exit code.
 *
 * @param total How many params there are, if that is known.
 */
export async function sweepExport(
  { swept, target, module, name }: SweptExport,
  params: Items,
  total: number | undefined,
  values: SweepValues & { readonly workers: boolean },
  output: Output,
): Promise<number> {
  const options = readSweepOptions(values);
  const backend = target instanceof Runs ? engineOf(await target.backend()) : undefined;
  let executor: Executor;
  if (values.workers) {
    const { workers } = await import("../../mod.ts");
    const { concurrency = navigator.hardwareConcurrency } = options;
    try {
      executor = workers(module, name, { concurrency });
    } catch (error) {
      throw asUsageError(error);
    }
  } else executor = inProcess(options);
  // The store stays open: it is the module's own.
  return await runSweep({
    swept,
    params,
    total: total ?? (output.terminal && countOf(params)),
    executor,
    options,
    store: backend?.location,
    durations: async () => backend ? await newestDurations(backend) : [],
  }, output);
}

/** How many there are, if they can be gone over more than once and are soon counted. */
function countOf(items: Items): number | undefined {
  if (Array.isArray(items)) return items.length;
  if (!(Symbol.iterator in items)) return undefined;
  const iterator = items[Symbol.iterator]();
  if (iterator as unknown === items) return undefined;
  const end = performance.now() + COUNTING;
  for (let count = 0;; count++) {
    if (iterator.next().done) return count;
    if (count % 1024 === 0 && performance.now() > end) {
      iterator.return?.();
      return undefined;
    }
  }
}
