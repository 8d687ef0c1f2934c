import fs from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { messageOf } from "../../core/errors.ts";
import { inProcess } from "../../core/runs/in_process.ts";
import { type AnyFunction, type Target, targetOf } from "../../core/runs/target.ts";
import type { Items } from "../../core/sweeps/shard.ts";
import { nearestName } from "../../core/values/nearest_name.ts";
import type { Output } from "../command.ts";
import { given } from "../options.ts";
import { checkFunction } from "../programs/command_source.ts";
import { asUsage, UsageError } from "../usage_error.ts";
import { executorOf } from "./executor_of.ts";
import { type EngineValues, readSweepOptions, type SweepValues } from "./sweep_options.ts";
import type { Task } from "./task.ts";

/** Maximum time for counting combinations. */
const MAX_COUNTING_MS = 500;

/** An export that can be swept. */
export interface SweptExport {
  /** `module.ts#export`, as it was written. */
  readonly written: string;
  /** The module's URL. */
  readonly module: string;
  readonly name: string;
  readonly swept: object;
  readonly target: Target;
  /** All exports of the module. */
  readonly exports: Readonly<Record<string, unknown>>;
}

/** What the command line says about the runs of an export. */
export interface ExportOptions {
  /** The store to use. Default: that of the function's own options. */
  readonly store?: string | undefined;
  /** The store of a plain function. Default: `store`. */
  readonly plainStore?: string;
  /** True to save the results of a plain function. */
  readonly save?: boolean | undefined;
}

/**
 * Imports a module and returns the export of `module.ts#export`; without a name, `default`. A plain function is
 * wrapped by `once`; another one uses the store that is given instead of its own.
 *
 * @throws {UsageError} If there is no such module or export, or it cannot be swept, or an option does not fit.
 */
export async function loadExport(
  text: string,
  { store, plainStore = store, save }: ExportOptions,
): Promise<SweptExport> {
  const at = text.lastIndexOf("#");
  const file = at === -1 ? text : text.slice(0, at);
  const name = at === -1 ? "default" : text.slice(at + 1);
  const location = path.resolve(/^file:/i.test(file) ? fileURLToPath(file) : file);
  if (!fs.existsSync(location)) throw new UsageError(`there is no module "${file}"`);
  const module = pathToFileURL(location).href;
  let exports: Record<string, unknown>;
  try {
    exports = await import(module);
  } catch (error) {
    throw new UsageError(`cannot load "${file}": ${messageOf(error)}`, { cause: error });
  }
  const found = Object.hasOwn(exports, name) ? exports[name] : undefined;
  const target = targetFor(found);
  if (target) {
    if (save) throw new UsageError(`--save is for plain functions; ${name} has options of its own`);
    if (store !== undefined) useStore(target, name, store);
    return { written: text, module, name, swept: found as object, target, exports };
  }
  if (typeof found === "function") {
    const swept = await wrapped(found as AnyFunction, name, plainStore, save);
    return { written: text, module, name, swept, target: targetOf(swept)!, exports };
  }
  const fit = Object.keys(exports).filter((other) =>
    targetFor(exports[other]) || typeof exports[other] === "function"
  );
  const offer = fit.length > 0
    ? `it can sweep ${fit.map((other) => `${file}#${other}`).join(", ")}`
    : "export a function, or a Store";
  if (found === undefined) {
    const nearest = nearestName(name, Object.keys(exports));
    const hint = nearest === undefined ? "" : `, did you mean "${nearest}"?`;
    throw new UsageError(`"${file}" has no export "${name}"${hint || ";"} ${offer}`);
  }
  throw new UsageError(`the export "${name}" of "${file}" cannot be swept; ${offer}`);
}

/** @throws {UsageError} If there is no store, or the arguments of the function make no key. */
async function wrapped(
  fn: AnyFunction,
  name: string,
  store: string | undefined,
  save: boolean | undefined,
): Promise<object> {
  if (store === undefined) {
    throw new UsageError(
      `${name} is a plain function: say where its runs are remembered, as in --store runs.csv ` +
        `(--save keeps its results), or wrap it with once()`,
    );
  }
  const { once } = await import("../../mod.ts");
  return await asUsage(() => once(fn, given({ store, save: save || undefined })));
}

/**
 * Has a function use a store instead of its own.
 *
 * @throws {UsageError} If it is a Store, which has its own one.
 */
function useStore(target: Target, name: string, store: string): void {
  if (target.relocate) return target.relocate(store);
  throw new UsageError(
    `${name} is a Store, whose own options name its database; leave out --store`,
  );
}

function targetFor(x: unknown): Target | undefined {
  const isObject = typeof x === "function" || (typeof x === "object" && x !== null);
  return isObject ? targetOf(x) : undefined;
}

/**
 * Returns the sweep of an export of a module.
 *
 * @param total Number of params, if it is known.
 * @param location The store that it must use. Default: any.
 * @throws {UsageError} If it uses another store, or nothing could run at all.
 */
export async function exportTask(
  { swept, target, module, name, written }: SweptExport,
  params: Items,
  total: number | undefined,
  values: SweepValues & Partial<EngineValues> & {
    readonly workers: boolean;
    readonly store?: string | undefined;
    readonly save?: boolean;
  },
  output: Output,
  location?: string,
): Promise<Task> {
  const options = readSweepOptions(values);
  const backend = await target.backend?.();
  if (backend && location !== undefined && backend.location !== location) {
    throw new UsageError(`${name}() uses the store ${backend.location}, not ${location}`);
  }
  if (backend) await checkFunction(backend, target);
  const here = await asUsage(async () => {
    if (!values.workers) return inProcess(given({ concurrency: options.concurrency }));
    const { workers } = await import("../../mod.ts");
    const { concurrency = navigator.hardwareConcurrency } = options;
    return workers(module, name, { concurrency });
  });
  const { store } = values;
  const executor = await executorOf(values, { module: written, store }, here);
  // The store stays open: it is the module's own.
  return {
    swept,
    params,
    total: total ?? (output.terminal || Array.isArray(params) ? countOf(params) : undefined),
    executor,
    options,
    store: target.store ?? backend?.location,
    backend,
  };
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
