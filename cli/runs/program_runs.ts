import { basename } from "node:path";
import type { Backend } from "../../core/contract/backend.ts";
import type { RunsOptions } from "../../core/runs/once_types.ts";
import { given } from "../options.ts";
import { commandSource } from "./command_source.ts";

type ProgramParams = Readonly<Record<string, unknown>>;

/**
 * Returns the arguments of `once` for the runs of a program. The function is never called: an executor runs the
 * program instead.
 *
 * @param names Names of the params. Default: those that each run has.
 */
export function programRuns(
  program: readonly string[],
  namespace: string | undefined,
  store: Backend,
  names?: readonly string[],
): [fn: (params: ProgramParams) => undefined, options: RunsOptions] {
  return [(_params) => undefined, {
    ...given({ namespace, key: names }),
    store,
    save: true,
    quiet: true,
    name: basename(program[0] ?? ""),
    source: commandSource(program),
    onChange: "ignore", // the store was checked
  }];
}
