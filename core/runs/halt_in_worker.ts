import type { Executor } from "./executor.ts";
import { underlyingOf } from "./target.ts";

/** An export of a module, as a worker runs it. */
export interface Exported {
  /** The module's URL. */
  readonly module: string;
  readonly name: string;
}

/** The export that this process is a worker for. */
export interface WorkerRole extends Exported {
  /** True while the module is being imported. */
  isImporting(): boolean;
  /** The function was found, by a sweep of it that the module began. */
  found(fn: (...args: unknown[]) => unknown): void;
  /** The module did what a module that a worker imports must not do. */
  refuse(error: Error): void;
}

const runBy = new WeakMap<Executor, Exported>();
/** A global: the module of a worker may have a copy of stet of its own. */
const ROLE = Symbol.for("stet.worker_role");
const world = globalThis as { [ROLE]?: WorkerRole };

/** Makes it known that an executor runs an export of a module. */
export function setExported(executor: Executor, exported: Exported): void {
  runBy.set(executor, exported);
}

/** Makes this process a worker: from now on its sweeps are asked whether they are what it is for. */
export function setWorkerRole(worker: WorkerRole): void {
  world[ROLE] = worker;
}

/**
 * Keeps a module that sweeps when it is imported from sweeping in its workers too. To be called as a
 * sweep begins, before it opens anything. The sweep proceeds if it returns undefined.
 *
 * In a worker that was started to run the same export of the same module, it hands over the function
 * and gives a promise that never settles: of the module's code after the sweep nothing runs there.
 *
 * @throws {Error} If a worker's module begins any other sweep while it is imported.
 */
export function haltInWorker(
  swept: object,
  executor: Executor | undefined,
): Promise<never> | undefined {
  const role = world[ROLE];
  if (!role) return undefined;
  const exported = executor && runBy.get(executor);
  const fn = underlyingOf(swept);
  if (fn && exported?.module === role.module && exported.name === role.name) {
    role.found(fn);
    return new Promise(() => {});
  }
  if (!role.isImporting()) return undefined;
  const error = new Error(
    `Cannot sweep while a worker imports ${role.module} for its "${role.name}": guard the sweep ` +
      `with if (import.meta.main) { … }, or move "${role.name}" to a module of its own`,
  );
  role.refuse(error);
  throw error;
}
