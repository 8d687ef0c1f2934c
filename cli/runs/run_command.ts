import { closeAfter } from "../../core/runtime/close_after.ts";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import type { Executor, Job } from "../../core/runs/executor.ts";
import { counted } from "../../core/display/counted.ts";
import { cutText } from "../../core/display/display_width.ts";
import { shellText } from "../../core/runtime/shell_text.ts";
import type { Row } from "../../core/values/value.ts";
import { argumentText } from "../../core/values/argument_text.ts";
import type { Output } from "../command.ts";
import { asUsage } from "../usage_error.ts";
import type { Grid } from "../../core/grids/grid.ts";
import type { CommandsOptions } from "../../mod.ts";
import type { Pair } from "../grids/read_pair.ts";
import { given } from "../options.ts";
import { asStored } from "../grids/as_stored.ts";
import { confirmEarlierRows, earlierRows } from "../grids/earlier_rows.ts";
import { checkCommand } from "../programs/command_source.ts";
import { defaultsOf } from "../programs/defaults_of.ts";
import { executorOf } from "./executor_of.ts";
import { logsOf } from "../programs/logs_of.ts";
import { programRuns } from "../programs/program_runs.ts";
import { sweepOrList } from "./run_sweep.ts";
import type { Task } from "./task.ts";
import { placeholderNotes } from "../programs/placeholder_notes.ts";
import { type EngineValues, readSweepOptions, type SweepValues } from "./sweep_options.ts";
import { unplanned } from "./unplanned.ts";

/** Maximum width of the params in front of a line of output. */
const MAX_TAG = 60;

/** Options of commands that run programs. */
export type RunValues = SweepValues & Partial<EngineValues> & {
  readonly logs: string | undefined;
  readonly live?: boolean;
  readonly result?: string | RegExp | undefined;
  readonly dryRun?: boolean;
  readonly default?: readonly Pair[];
  readonly onChange?: "ignore" | "rerun" | undefined;
};

/** A program to run for combinations. */
export interface CommandSweep {
  readonly store: string;
  readonly namespace: string | undefined;
  /** The program and its arguments, with placeholders. */
  readonly program: readonly string[];
  readonly grid: Grid;
  /** True if the grid is of runs that failed. */
  readonly isRetry?: boolean;
}

/**
 * Runs a program for every combination that is not in the store, and resolves to the exit code.
 *
 * @throws {UsageError} If a placeholder is no param or an option is wrong; nothing has run then.
 * @throws {StoreError} If the store cannot be used, or holds rows of another program.
 */
export async function runCommand(
  command: CommandSweep,
  values: RunValues,
  output: Output,
): Promise<number> {
  return await withCommandTask(
    command,
    values,
    output,
    (task) => sweepOrList(task, values, output),
  );
}

/** Prepares the sweep of {@linkcode runCommand}, whose store is open while the body runs. Throws as it does. */
export async function withCommandTask<T>(
  { store, namespace, program, grid: written, isRetry = false }: CommandSweep,
  values: RunValues,
  output: Output,
  body: (task: Task) => Promise<T>,
): Promise<T> {
  const options = readSweepOptions(values);
  const { commands, once, openBackend } = await import("../../mod.ts");
  const opened = await openBackend(store);
  return await closeAfter(async () => {
    const backend = engineOf(opened);
    const grid = await asStored(written, backend, output.error);
    const logs = values.logs ?? logsOf(backend.location);
    const { concurrency = navigator.hardwareConcurrency } = options;
    const results = { runs: 0, missing: 0 };
    const executor = await asUsage(() => {
      const live = values.live ? livePrinter(output) : undefined;
      const executor = commands(program, {
        concurrency,
        logs,
        ...given({ live, result: values.result }),
      });
      const spelling = spelled(executor, grid, results);
      checkPlaceholders(spelling, grid);
      return spelling;
    });
    const { onChange } = values;
    const hadResults = (await backend.columns()).some((name) => /^result(?:\.|$)/.test(name));
    const note = onChange ? undefined : await checkCommand(backend, store, program, namespace);
    const defaults = await defaultsOf(values.default ?? [], grid, backend);
    const earlier = isRetry || onChange === "rerun"
      ? undefined
      : await earlierRows(backend, grid, namespace, (name) => Object.hasOwn(defaults, name));
    if (earlier) {
      const mayAsk = !values.dryRun;
      await confirmEarlierRows(earlier, grid, backend.location, defaultOptions, output, mayAsk);
    } else if (note !== undefined) output.error(note);
    for (const note of placeholderNotes(grid.names, program, values.result)) output.error(note);
    return await body({
      swept: once(
        ...programRuns(program, opened, { namespace, names: grid.names, defaults, onChange }),
      ),
      params: isRetry ? unplanned(grid.combinations) : grid.combinations,
      total: grid.count,
      executor: await executorOf(
        values,
        { store, program, namespace, result: values.result, logs: values.logs },
        executor,
        (params) => grid.spelled(params),
      ),
      options,
      store,
      backend,
      notes: (skipped) => resultNotes(results, values.result !== undefined, hadResults, skipped),
    });
  }, () => opened.close());
}

/** Returns the options that say which values of params earlier rows were made with. */
function defaultOptions(added: Row): string {
  const pairs = Object.entries(added).map(([name, value]) => `${name}=${argumentText(value)}`);
  return shellText(pairs.flatMap((pair) => ["--default", pair]));
}

/** Returns a printer of output as it comes, each line with its params in front. */
function livePrinter({ log, error }: Output): CommandsOptions["live"] {
  return (line, params, stream) => {
    const pairs = Object.entries(params).map(([name, value]) => `${name}=${argumentText(value)}`);
    const tag = cutText(pairs.join(" ").replace(/\s+/g, " "), MAX_TAG);
    (stream === "stdout" ? log : error)(`${tag}: ${line}`);
  };
}

/** Counts of runs that ended, and of those without a result. */
interface ResultCounts {
  runs: number;
  missing: number;
}

/**
 * Returns notes about runs without a result.
 *
 * @param isNamed True if `--result` was given. @param hadResults True if the store had results before.
 */
function resultNotes(
  { runs, missing }: ResultCounts,
  isNamed: boolean,
  hadResults: boolean,
  skipped: number,
): string[] {
  const where = isNamed
    ? " where --result says"
    : ": the last JSON value of standard output is one, or --result says where it is";
  return [
    ...missing > 0 ? [`No result was found in ${missing} of ${runs} runs${where}`] : [],
    ...isNamed && !hadResults && skipped > 0
      ? [
        `${counted(skipped, "skipped run")} had no result to save before --result was given; ` +
        `stet reset forgets runs, so that they run again`,
      ]
      : [],
  ];
}

/** Returns the executor, with params in the spelling that was written, and runs without a result counted. */
function spelled(executor: Executor, grid: Grid, results: ResultCounts): Executor {
  return {
    concurrency: executor.concurrency,
    open: () => executor.open?.(),
    check: ({ params, args }) => executor.check?.({ params: grid.spelled(params), args }),
    close: () => executor.close?.(),
    async run(job): Promise<unknown> {
      const params = { value: grid.spelled(job.params) };
      const result = await executor.run(Object.create(job, { params }) as Job);
      results.runs++;
      if (result === undefined) results.missing++;
      return result;
    },
  };
}

/** Checks the placeholders. Combinations of axes have the same names; combinations of a file need not. */
function checkPlaceholders(executor: Executor, grid: Grid): void {
  const isUniform = grid.factors.every(({ names, parts }) =>
    parts.every((part) => names.every((name) => Object.hasOwn(part, name)))
  );
  for (const params of grid.combinations) {
    executor.check?.({ params, args: [params] });
    if (isUniform) return;
  }
}
