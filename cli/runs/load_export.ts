import fs from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { messageOf } from "../../core/errors.ts";
import { nearestName } from "../../core/values/nearest_name.ts";
import { Runs } from "../../core/runs/runs.ts";
import { type Target, targetOf } from "../../core/runs/target.ts";
import { UsageError } from "../usage_error.ts";

/** An export that can be swept. */
export interface SweptExport {
  /** The module's URL. */
  readonly module: string;
  readonly name: string;
  readonly swept: object;
  readonly target: Target;
  /** All exports of the module. */
  readonly exports: Readonly<Record<string, unknown>>;
}

/**
 * Imports a module and returns the export of `module.ts#export`; without a name, `default`.
 *
 * @throws {UsageError} If there is no such module or export, or it cannot be swept.
 */
export async function loadExport(text: string): Promise<SweptExport> {
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
  const swept = Object.hasOwn(exports, name) ? exports[name] : undefined;
  const target = targetFor(swept);
  if (target) return { module, name, swept: swept as object, target, exports };
  const fit = Object.keys(exports).filter((other) => targetFor(exports[other]));
  const offer = fit.length > 0
    ? `it can sweep ${fit.map((other) => `${file}#${other}`).join(", ")}`
    : "export a function that once() of this copy of stet has wrapped, or a Store";
  if (swept === undefined) {
    const nearest = nearestName(name, Object.keys(exports));
    const hint = nearest === undefined ? "" : `, did you mean "${nearest}"?`;
    throw new UsageError(`"${file}" has no export "${name}"${hint || ";"} ${offer}`);
  }
  throw new UsageError(`the export "${name}" of "${file}" cannot be swept; ${offer}`);
}

/**
 * Has a function use a store instead of its own.
 *
 * @throws {UsageError} If it is a Store, which has its own one.
 */
export function useStore({ target, name }: SweptExport, store: string): void {
  if (target instanceof Runs) return target.relocate(store);
  throw new UsageError(
    `${name} is a Store, whose own options name its database; leave out --store`,
  );
}

function targetFor(x: unknown): Target | undefined {
  const isObject = typeof x === "function" || (typeof x === "object" && x !== null);
  return isObject ? targetOf(x) : undefined;
}
