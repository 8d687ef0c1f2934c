import { counted } from "../../core/display/counted.ts";
import type { Failure } from "../../core/contract/backend.ts";
import { namespaceIn } from "../../core/values/columns.ts";
import type { Engine } from "../../core/contract/engine.ts";
import { isKnown, withStore } from "../../core/contract/open_existing.ts";
import { newestPlan, type SweepPlan } from "../../core/contract/sweep_plan.ts";
import { parseWhere } from "../../core/tools/where.ts";
import type { FailureGroup } from "../../figures/view.ts";
import { type Command, command, type Output } from "../command.ts";
import { gridNumber, gridOf } from "../../core/grids/grid.ts";
import { isPermanent } from "../../core/runs/permanent_failures.ts";
import {
  type Argument,
  flag,
  option,
  type Options,
  storeArgument,
  text,
  type Values,
} from "../options.ts";
import { logsOf, logsOption } from "../programs/logs_of.ts";
import { onChangeOption, resultOption } from "../programs/program_options.ts";
import { registry } from "../registry.ts";
import { failureLines, groupLines } from "../results/failure_lines.ts";
import { groupedFailures } from "../results/grouped_failures.ts";
import { type ShownFailure, shownFailures } from "../results/shown_failures.ts";
import { terminalOptions } from "../results/terminal_options.ts";
import { valueJson } from "../terminal/row_json.ts";
import {
  programArgument,
  saveOption,
  serviceOptions,
  sweepNote,
  sweepOptions,
} from "../runs/sweep_options.ts";
import { unplanned } from "../runs/unplanned.ts";
import { asUsage, UsageError } from "../usage_error.ts";

const options = {
  json: flag("print a JSON object for each failure"),
  stack: flag("print each failure, with its whole error and stack"),
  where: option(text("condition"), "only those for whose params it holds (see: stet ls --help)"),
  forget: flag("forget them: they count as never run"),
  namespace: option(text("name"), "only those of a namespace; --retry wants it if they are in one"),
  logs: logsOption,
  retry: flag("run them again"),
  result: resultOption,
  onChange: onChangeOption,
  live: flag("print the output of programs as it comes, each line with its params in front"),
  save: saveOption,
  workers: flag("run an export in worker processes"),
  ...sweepOptions,
  ...serviceOptions,
} as const satisfies Options;

const args = {
  module: {
    usage: "[module.ts#export]",
    count: [0, 1],
    matches: (text) => /\.[cm]?[jt]sx?#/.test(text),
    read: ([text]) => text,
  } as Argument<string | undefined>,
  store: storeArgument,
  program: programArgument,
} as const;

type FailuresValues = Values<typeof args> & Values<typeof options>;

/** `stet failures`. */
export const failures: Command = command({
  name: "failures",
  summary:
    "the runs that failed, with their errors; --retry runs them again, --forget forgets them",
  usage: [
    "[store] [--where condition] [--json] [--stack]",
    "[store] --forget [--where condition]",
    "[store] --retry [options] -- program [argument ...]",
    "[store] --retry module.ts#export [options]",
  ],
  about:
    `Prints the runs that failed and have not succeeded since, in groups of one message, whatever its
     numbers (#), with the values of params that most of a group has and other runs do not, and its newest
     run. With --stack or --json it prints each, the oldest first. With --retry it runs them again: by the
     program that stet run was given, or the function that stet sweep was given. Failures do not say what
     ran, so it is to be said again; a program must be the one that made the store's rows.`,
  arguments: args,
  options,
  notes: [sweepNote],
  exitCode1: "some runs failed again, or were not begun",
  examples: [
    "runs.csv",
    `runs.csv --forget --where "date >= '2024-02-01'"`,
    "runs.csv --retry -j 4 -- python train.py --seed {seed}",
    "runs.csv --retry train.ts#train --retries 3",
  ],
  async run(values, output): Promise<number> {
    const { module, program } = values;
    const isRun = module !== undefined || program.length > 0;
    if (values.forget && values.retry) {
      throw new UsageError("--forget and --retry exclude each other");
    }
    if (values.forget && isRun) throw new UsageError("--forget runs nothing");
    if (!values.retry && isRun) throw new UsageError("to run them again say --retry");
    if (values.retry && (module === undefined) === (program.length === 0)) {
      throw new UsageError(
        "--retry wants what to run: a program after --, or a module.ts#export",
      );
    }
    const chosen = await withStore(registry, values.store, {}, async (backend) => {
      const failures = await chosenIn(backend, values, output);
      if (values.forget) await forget(backend, failures, output);
      const { logs = logsOf(backend.location) } = values;
      const columns = await backend.columns();
      const found = await shownFailures(failures, logs, columns);
      const isGrouped = !values.json && !values.stack && !values.forget && !values.retry;
      return {
        location: backend.location,
        found,
        groups: isGrouped && failures.length > 0 ? await groupedFailures(backend, failures) : [],
        again: startedAgain(newestPlan(await backend.plans()), failures),
      };
    }, isKnown);
    if (values.retry) return await retry(chosen, values, output);
    if (!values.forget) list(chosen, values, output);
    return 0;
  },
});

/** The failures of a namespace for whose params a condition holds, if they are given. */
async function chosenIn(
  backend: Engine,
  { namespace, where }: FailuresValues,
  { error }: Output,
): Promise<readonly Failure[]> {
  const all = await backend.failures();
  const names = [...new Set(all.flatMap(({ params }) => Object.keys(params)))];
  const namespaces = new Set(all.map(({ params }) => namespaceIn(params)));
  if (namespace !== undefined && all.length > 0 && !namespaces.has(namespace)) {
    const others = [...namespaces].map((name) => name ?? "none").join(", ");
    error(`[stet] Note: no failure has the namespace ${namespace}; they have ${others}`);
  }
  const holds = where === undefined || all.length === 0
    ? () => true
    : await asUsage(() => parseWhere(where, names));
  return all.filter(({ params }) =>
    holds(params) && (namespace === undefined || namespaceIn(params) === namespace)
  );
}

async function forget(
  backend: Engine,
  failures: readonly Failure[],
  { log }: Output,
): Promise<void> {
  const count = failures.length && await backend.forget(failures.map(({ params }) => params));
  log(`[stet] Forgot ${counted(count, "failure")}`);
}

/** Returns the command of the newest sweep, if it runs all of some failures when it is started again. */
function startedAgain(
  plan: SweepPlan | undefined,
  failures: readonly Failure[],
): string | undefined {
  if (!plan?.factors) return undefined;
  const { factors, places, defaults, namespace, command } = plan;
  const numberOf = gridNumber({ factors, places: places ?? undefined, defaults });
  const runsAll = failures.every((failure) =>
    (namespaceIn(failure.params) ?? "") === namespace && numberOf(failure.params) !== -1 &&
    !isPermanent(failure)
  );
  return runsAll ? command : undefined;
}

/** The failures chosen, their groups, and the command that runs them when it is started again. */
interface Chosen {
  readonly location: string;
  readonly found: readonly ShownFailure[];
  readonly groups: readonly FailureGroup[];
  readonly again: string | undefined;
}

function list(
  { found, groups, again }: Chosen,
  { json, stack: withStack }: FailuresValues,
  { log }: Output,
): void {
  if (json) {
    for (const { key: _, stack, ...rest } of found) {
      log(valueJson(withStack ? { ...rest, stack } : rest, "failure"));
    }
    return;
  }
  if (found.length === 0) return log("[stet] No run failed that has not succeeded since");
  if (withStack) {
    for (const failure of found) {
      for (const line of failureLines(failure)) log(line);
    }
  } else for (const line of groupLines(groups, found, terminalOptions())) log(line);
  const more = withStack ? "" : "; --stack prints each";
  log(`[stet] ${counted(found.length, "run")} failed and have not succeeded since${more}`);
  const permanent = found.filter(isPermanent).length;
  if (permanent > 0) {
    const all = permanent === found.length ? "all" : permanent;
    log(`[stet] ${all} failed for good: --retry runs them again, a sweep with --retry-permanent`);
  }
  if (again) {
    log(`[stet] Started again, this runs ${found.length === 1 ? "it" : "them"}: ${again}`);
  }
}

/** Runs failures again and resolves to the exit code. */
async function retry(
  { found, location }: Chosen,
  asked: FailuresValues,
  output: Output,
): Promise<number> {
  const values = { ...asked, retryPermanent: true };
  const { module, program } = values;
  const params = found.filter(({ namespace }) => namespace === values.namespace)
    .map((failure) => failure.params);
  if (params.length === 0) {
    const others = found.length > 0 ? "; those of others want --namespace" : "";
    output.error(`[stet] Nothing to run again: no run has failed${others}`);
    return 0;
  }
  if (module === undefined) {
    if (values.httpRetry || values.adaptive) {
      throw new UsageError(
        "--http-retry and --adaptive are for functions: the answer of a service is not seen in a program",
      );
    }
    const names = [...new Set(params.flatMap((each) => Object.keys(each)))];
    const { runCommand } = await import("../runs/run_command.ts");
    const grid = gridOf([{ names, parts: params }]);
    return await runCommand({ ...values, program, grid, isRetry: true }, values, output);
  }
  const { exportTask, loadExport } = await import("../runs/export_task.ts");
  const { runSweep } = await import("../runs/run_sweep.ts");
  const swept = await loadExport(module, { plainStore: location, save: values.save });
  const items = unplanned(params);
  const task = await exportTask(swept, items, params.length, values, output, location);
  return await runSweep(task, output);
}
