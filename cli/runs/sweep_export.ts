import { engineOf } from "../../core/contract/adapted_backend.ts";
import { inProcess } from "../../core/runs/in_process.ts";
import { Runs } from "../../core/runs/runs.ts";
import type { Items } from "../../core/sweeps/shard.ts";
import type { Output } from "../command.ts";
import { asUsage, UsageError } from "../usage_error.ts";
import type { SweptExport } from "./load_export.ts";
import { newestDurations } from "./newest_durations.ts";
import { runSweep } from "./run_sweep.ts";
import { executorOf } from "./executor_of.ts";
import { type EngineValues, readSweepOptions, type SweepValues } from "./sweep_options.ts";

/** Maximum time for counting combinations. */
const MAX_COUNTING_MS = 500;

/**
 * Sweeps an export of a module and resolves to the exit code.
 *
 * @param total Number of params, if it is known.
 * @param location The store that it must use. Default: any.
 * @throws {UsageError} If it uses another store, or nothing could run at all.
 */
export async function sweepExport(
  { swept, target, module, name }: SweptExport,
  params: Items,
  total: number | undefined,
  values: SweepValues & Partial<EngineValues> & {
    readonly workers: boolean;
    readonly store?: string | undefined;
  },
  output: Output,
  location?: string,
): Promise<number> {
  const options = readSweepOptions(values);
  const backend = target instanceof Runs ? engineOf(await target.backend()) : undefined;
  if (backend && location !== undefined && backend.location !== location) {
    throw new UsageError(`${name}() uses the store ${backend.location}, not ${location}`);
  }
  const here = await asUsage(async () => {
    if (!values.workers) return inProcess(options);
    const { workers } = await import("../../mod.ts");
    const { concurrency = navigator.hardwareConcurrency } = options;
    return workers(module, name, { concurrency });
  });
  const executor = await executorOf(values, values.store, here);
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

/** Returns the number of items, if they can be iterated again and are counted in time. */
function countOf(items: Items): number | undefined {
  if (Array.isArray(items)) return items.length;
  if (!(Symbol.iterator in items)) return undefined;
  const iterator = items[Symbol.iterator]();
  if (iterator as unknown === items) return undefined;
  const end = performance.now() + MAX_COUNTING_MS;
  for (let count = 0;; count++) {
    if (iterator.next().done) return count;
    if (count % 1024 === 0 && performance.now() > end) {
      iterator.return?.();
      return undefined;
    }
  }
}
