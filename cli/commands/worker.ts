import type { Executor } from "../../core/runs/executor.ts";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import { counted } from "../../core/display/counted.ts";
import { closeAfter } from "../../core/runtime/close_after.ts";
import { shownCommand } from "../../core/runtime/shown_command.ts";
import { type Command, command, type Output } from "../command.ts";
import { type Argument, count, flag, given, option, text } from "../options.ts";
import { checkCommand, checkFunction } from "../programs/command_source.ts";
import { checkOwnStore, postgresUrl } from "../runs/executor_of.ts";
import { logsOf, logsOption } from "../programs/logs_of.ts";
import { resultOption } from "../programs/program_options.ts";
import { programRuns } from "../programs/program_runs.ts";
import { programArgument } from "../runs/sweep_options.ts";
import { workerArguments } from "../runs/worker_arguments.ts";
import { asUsage, asUsageError, UsageError } from "../usage_error.ts";

const moduleArgument: Argument<string | undefined> = {
  usage: "[module.ts#export]",
  expects: "one module.ts#export",
  count: [0, 1],
  read: ([module]) => module,
};

/** `stet worker`. */
export const worker: Command = command({
  name: "worker",
  summary: "run what sweeps with --engine send, on any number of machines",
  usage: [
    "module.ts#export --store postgres://... [options]",
    "--store postgres://... [options] -- program [argument ...]",
  ],
  about:
    `Waits for runs that "stet sweep" or "stet run" with --engine pgboss send for this function or program, and
     runs them in processes of their own. Any number of workers, on any machines that reach the store, share
     them, and each key is recorded once.

     SIGTERM or Ctrl-C drains it: runs under way finish, other workers get the rest. A second one aborts them.
     Another worker repeats the runs of a killed one after about half a minute.`,
  arguments: {
    module: moduleArgument,
    program: programArgument,
  },
  options: {
    store: option(text("url"), "the Postgres store of the sweep", { short: "s" }),
    namespace: option(text("name"), "the namespace of the program"),
    result: resultOption,
    logs: logsOption,
    jobs: option(count(1), "how many at once (default: one for each processor)", { short: "j" }),
    cancel: flag("cancel all that waits, end what runs on all workers, and leave"),
  },
  notes: [
    `The program must have the same words as that of the sweep. Machines need the same code; a function of
     another source is refused.`,
  ],
  examples: [
    "train.ts#train --store postgres://host/database -j 8",
    "--store postgres://host/database -- python train.py --seed {seed}",
  ],
  async run({ module, program, store, ...values }, output): Promise<void> {
    const url = postgresUrl(store, "stet worker");
    if ((module === undefined) === (program.length === 0)) {
      throw new UsageError("name one module.ts#export, or a program after --");
    }
    const { workers, commands, once, openBackend } = await import("../../mod.ts");
    const { jobs: concurrency = navigator.hardwareConcurrency } = values;
    const work: Work = {
      url,
      concurrency,
      isCancelled: values.cancel,
      command: shownCommand([
        "stet",
        "worker",
        ...workerArguments({ module, program, store, ...values }),
      ]),
    };
    if (module !== undefined) {
      const { loadExport } = await import("../runs/export_task.ts");
      const found = await loadExport(module, { store: url });
      checkOwnStore(found.name, found.target.ownStore, url);
      const backend = await found.target.backend?.();
      if (backend) await checkFunction(backend, found.target);
      const executor = workers(found.module, found.name, { concurrency });
      return await workOn(found.swept, executor, work, output);
    }
    const executor = await asUsage(() =>
      commands(program, {
        concurrency,
        logs: values.logs ?? logsOf(url),
        ...given({ result: values.result }),
      })
    );
    const opened = await openBackend(url);
    await closeAfter(async () => {
      const note = await checkCommand(engineOf(opened), url, program, values.namespace);
      if (note !== undefined) output.error(note);
      const swept = once(...programRuns(program, opened, { namespace: values.namespace }));
      await workOn(swept, executor, work, output);
    }, () => opened.close());
  },
});

interface Work {
  readonly url: string;
  readonly concurrency: number;
  readonly isCancelled: boolean;
  /** The command that starts this worker. */
  readonly command: string;
}

async function workOn(
  swept: object,
  executor: Executor,
  { url, concurrency, isCancelled, command: workerCommand }: Work,
  { error }: Output,
): Promise<void> {
  const { cancelCluster, clusterWorker } = await import("../../mod.ts");
  if (isCancelled) {
    const count = await cancelCluster(swept, url);
    return error(`[stet] Cancelled ${counted(count, "job")}`);
  }
  try {
    await clusterWorker(swept, url, {
      executor,
      concurrency,
      handleSignals: true,
      workerCommand,
      log: error,
    });
  } catch (trouble) {
    throw asUsageError(trouble);
  }
}
