import { basename } from "node:path";
import type { Backend } from "../../core/contract/backend.ts";
import type { Row } from "../../core/values/value.ts";
import type { RunsOptions } from "../../core/runs/once_types.ts";
import { given } from "../options.ts";
import { commandSource } from "./command_source.ts";

/** Options of {@linkcode programRuns}. */
export interface ProgramOptions {
  readonly namespace?: string | undefined;
  /** Names of the params. Default: those that each run has. */
  readonly names?: readonly string[];
  /** Values of params that rows without them count as having. Default: none. */
  readonly defaults?: Row;
  /** Reaction to a row that another template made. Default: it counts. */
  readonly onChange?: "ignore" | "rerun" | undefined;
}

type ProgramParams = Readonly<Record<string, unknown>>;

/**
 * Returns the arguments of `once` for the runs of a program. The function is never called: an executor runs the
 * program instead.
 */
export function programRuns(
  program: readonly string[],
  store: Backend,
  { namespace, names, defaults, onChange = "ignore" }: ProgramOptions = {},
): [fn: (params: ProgramParams) => undefined, options: RunsOptions] {
  return [(_params) => undefined, {
    ...given({ namespace, key: names, defaults }),
    store,
    save: true,
    quiet: true,
    name: basename(program[0] ?? ""),
    source: commandSource(program),
    onChange, // the store was checked
  }];
}
