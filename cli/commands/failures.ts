import fs from "node:fs";
import path from "node:path";
import type { Failure } from "../../core/contract/backend.ts";
import { closeAfter } from "../../core/runtime/close_after.ts";
import { NAMESPACE } from "../../core/values/columns.ts";
import type { Engine } from "../../core/contract/engine.ts";
import { DEFAULT_STORE } from "../../core/runs/open_stores.ts";
import { openKnown } from "../../core/contract/open_known.ts";
import { type Row, toValue } from "../../core/values/value.ts";
import { parseWhere } from "../../core/tools/where.ts";
import { asUsage } from "../as_usage.ts";
import { type Command, type Output, UsageError, type Values } from "../command.ts";
import { gridOf } from "../../core/grids/grid.ts";
import { isExport } from "../runs/is_export.ts";
import { logsOf } from "../runs/logs_of.ts";
import { pairsText } from "../grids/pairs_text.ts";
import { registry } from "../registry.ts";
import { rowJson } from "../terminal/row_json.ts";
import { sweepHelp, sweepOptions } from "../runs/sweep_options.ts";

/** A failure as it is shown. */
interface Shown extends Omit<Failure, "params"> {
  readonly params: Row;
  readonly namespace: string | undefined;
  /** The file with the program's output. */
  readonly log: string | undefined;
}

/** `stet failures`. */
export const failures: Command = {
  summary:
    "the runs that failed, with their errors; --retry runs them again, --forget forgets them",
  help: `Usage: stet failures [store] [--where condition] [--json] [--stack]
       stet failures [store] --forget [--where condition]
       stet failures [store] --retry [options] -- program [argument ...]
       stet failures [store] --retry module.ts#export [options]

Prints the runs that failed and have not succeeded since, the oldest first. With --retry it runs them
again: by the program that stet run was given, or the function that stet sweep was given. Failures do
not say what ran, so it is to be said again; a program must be the one that made the store's rows.

      --json               print a JSON object for each failure
      --stack              print the stack of each error too
      --where condition    only those for whose params it holds (see: stet ls --help)
      --forget             forget them: they count as never run
      --namespace name     only those of a namespace; --retry wants it if they are in one
      --retry              run them again
      --workers            run an export in worker processes
  -j, --jobs count         how many at once
${sweepHelp}

Examples:
  stet failures runs.csv
  stet failures runs.csv --forget --where "date >= '2024-02-01'"
  stet failures runs.csv --retry -j 4 -- python train.py --seed {seed}
  stet failures runs.csv --retry train.ts#train --retries 3`,
  options: {
    ...sweepOptions,
    json: { type: "boolean" },
    stack: { type: "boolean" },
    namespace: { type: "string" },
    where: { type: "string" },
    forget: { type: "boolean" },
    retry: { type: "boolean" },
    workers: { type: "boolean" },
  },
  takesProgram: true,
  async run(values, positionals, output, program): Promise<number> {
    const modules = positionals.filter(isExport);
    const [store = DEFAULT_STORE, ...more] = positionals.filter((text) => !isExport(text));
    if (more.length > 0 || modules.length > 1) {
      throw new UsageError(`expected one store, got ${positionals.join(" ")}`);
    }
    if (values["forget"] === true) {
      if (values["retry"] === true) throw new UsageError("--forget and --retry exclude each other");
      if (program || modules.length > 0) throw new UsageError("--forget runs nothing");
      return await forget(store, values, output);
    }
    if (values["retry"] !== true) {
      if (program || modules.length > 0) throw new UsageError("to run them again say --retry");
      return await list(store, values, output);
    }
    if ((program?.length ?? 0) + modules.length === 0 || (program && modules.length > 0)) {
      throw new UsageError(
        "--retry wants what to run: a program after --, or a module.ts#export",
      );
    }
    const { found, location } = await failuresOf(store, values);
    const params = found.filter(({ namespace }) => namespace === values["namespace"])
      .map((failure) => failure.params);
    if (params.length === 0) {
      const others = found.length > 0 ? "; those of others want --namespace" : "";
      output.error(`[stet] Nothing to run again: no run has failed${others}`);
      return 0;
    }
    if (program) {
      const names = [...new Set(params.flatMap((each) => Object.keys(each)))];
      const { runCommand } = await import("../runs/run_command.ts");
      return await runCommand(
        {
          store,
          namespace: values["namespace"] as string | undefined,
          program,
          grid: gridOf([{ names, parts: params }]),
        },
        values,
        output,
      );
    }
    const { loadExport } = await import("../runs/load_export.ts");
    const { sweepExport } = await import("../runs/sweep_export.ts");
    const { locationOf } = await import("../runs/location_of.ts");
    const swept = await loadExport(modules[0]!);
    const other = await locationOf(swept.target);
    if (other !== undefined && other !== location) {
      throw new UsageError(`${modules[0]} uses the store ${other}, not ${location}`);
    }
    return await sweepExport(swept, params, params.length, values, output);
  },
};

async function list(store: string, values: Values, { log }: Output): Promise<number> {
  const { found } = await failuresOf(store, values);
  for (const failure of found) {
    const { stack: _, ...rest } = failure;
    const shown = values["stack"] === true ? failure : rest;
    if (values["json"] === true) log(rowJson(toValue(shown, "failure") as Row));
    else for (const line of linesOf(failure, values["stack"] === true)) log(line);
  }
  if (values["json"] !== true) {
    const count = ["No run", "1 run"][found.length] ?? `${found.length} runs`;
    log(`[stet] ${count} failed and not yet run again`);
  }
  return 0;
}

async function forget(store: string, values: Values, { log }: Output): Promise<number> {
  const backend = await openKnown(registry, store);
  return await closeAfter(async () => {
    const params = (await chosenIn(backend, values)).map((failure) => failure.params);
    const count = params.length === 0 ? 0 : await backend.forget(params);
    log(`[stet] Forgot ${count === 1 ? "1 failure" : `${count} failures`}`);
    return 0;
  }, () => backend.close());
}

/** The failures of a namespace for whose params a condition holds, if they are given. */
async function chosenIn(
  backend: Engine,
  { namespace, where }: Values,
): Promise<readonly Failure[]> {
  const all = await backend.failures();
  const names = [...new Set(all.flatMap(({ params }) => Object.keys(params)))];
  const holds = where === undefined || all.length === 0
    ? () => true
    : await asUsage(async () => await parseWhere(String(where), names));
  return all.filter(({ params }) =>
    holds(params) && (namespace === undefined || spaceOf(params) === namespace)
  );
}

function spaceOf({ [NAMESPACE]: space }: Row): string | undefined {
  return space === undefined ? undefined : String(space);
}

/** The failures of a store that are chosen. */
async function failuresOf(
  store: string,
  values: Values,
): Promise<{ readonly location: string; readonly found: Shown[] }> {
  const backend = await openKnown(registry, store);
  return await closeAfter(async () => {
    const logOf = await logFinder(backend);
    const found = (await chosenIn(backend, values)).map(({ params: key, ...failure }) => {
      const { [NAMESPACE]: _, ...params } = key;
      return { ...failure, params, namespace: spaceOf(key), log: logOf(key) };
    });
    return { location: backend.location, found };
  }, () => backend.close());
}

async function logFinder({ location }: Engine): Promise<(key: Row) => string | undefined> {
  const folder = logsOf(location);
  if (folder === undefined || !fs.existsSync(folder)) return () => undefined;
  const { hashRow } = await import("../../core/keys/hash_params.ts"); // slow to load, seldom needed
  return (key) => {
    const log = path.join(folder, `${hashRow(key)}.log`);
    return fs.existsSync(log) ? log : undefined;
  };
}

function linesOf(failure: Shown, withStack: boolean): string[] {
  const { params, namespace, error, stack, attempt, time, host, log } = failure;
  const text = withStack && stack !== "" ? stack : error;
  return [
    `${pairsText(params)}${namespace === undefined ? "" : `  (namespace ${namespace})`}`,
    ...text.trimEnd().split("\n").map((line) => `  ${line}`),
    `  ${attempt === 1 ? "1 attempt" : `${attempt} attempts`}, the last ${time}` +
    `${host === "" ? "" : ` on ${host}`}` +
    // A program's error may have said it already.
    `${log === undefined || text.includes(log) ? "" : `; its output: ${log}`}`,
  ];
}
