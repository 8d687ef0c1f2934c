import type { Executor } from "../../core/runs/executor.ts";
import type { Row } from "../../core/values/value.ts";
import { shownCommand } from "../../core/runtime/shown_command.ts";
import { shownLocation } from "../../core/runtime/shown_location.ts";
import { UsageError } from "../usage_error.ts";
import type { EngineValues } from "./sweep_options.ts";
import { workerArguments, type WorkerValues } from "./worker_arguments.ts";

/**
 * Returns the executor of a command: that of the workers of a cluster, if there is an `--engine`.
 *
 * @param worker The values of `stet worker` for these runs.
 * @param here The executor of this process.
 * @param spelled Returns params as they were written, for programs.
 * @throws {UsageError} If the options do not fit.
 */
export async function executorOf(
  { engine, detach = false, noFallback = false }: Partial<EngineValues>,
  worker: WorkerValues,
  here: Executor,
  spelled?: (params: Row) => Row,
): Promise<Executor> {
  if (engine === undefined) {
    if (detach) throw new UsageError("--detach needs --engine");
    if (noFallback) throw new UsageError("--no-fallback needs --engine");
    return here;
  }
  const { cluster } = await import("../../mod.ts");
  const url = postgresUrl(worker.store, "--engine");
  const executor = cluster(url, {
    detach,
    fallback: noFallback ? false : here,
    workerCommand: shownCommand(["stet", "worker", ...workerArguments(worker)]),
  });
  return spelled ? withSpelling(executor, spelled) : executor;
}

/** Returns the executor, which sends params as they were written too. */
function withSpelling(executor: Executor, spelled: (params: Row) => Row): Executor {
  return {
    concurrency: executor.concurrency,
    open: () => executor.open?.(),
    check: (job) => executor.check?.(job),
    run: (job) => executor.run(job),
    close: () => executor.close?.(),
    async dispatch(sweep) {
      const dispatcher = await executor.dispatch?.(sweep);
      return dispatcher && {
        get maxRuns(): number {
          return dispatcher.maxRuns;
        },
        run: (run) => dispatcher.run({ ...run, spelled: spelled(run.params) }),
        close: () => dispatcher.close(),
      };
    },
  };
}

/**
 * Returns the URL of a Postgres store.
 *
 * @param what The option or command that needs it, in the error.
 * @throws {UsageError} If the store is of another kind, or not named.
 */
export function postgresUrl(store: string | undefined, what: string): string {
  if (store !== undefined && /^postgres(?:ql)?(?:\+\w+)?:\/\//i.test(store)) return store;
  const got = store === undefined ? "" : `, not ${shownLocation(store)}`;
  throw new UsageError(`${what} needs --store postgres://…, which all machines reach${got}`);
}
