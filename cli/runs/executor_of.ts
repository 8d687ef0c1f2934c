import type { Executor } from "../../core/runs/executor.ts";
import type { Row } from "../../core/values/value.ts";
import { shownCommand } from "../../core/runtime/shown_command.ts";
import { shownLocation } from "../../core/runtime/shown_location.ts";
import { UsageError } from "../usage_error.ts";
import type { EngineValues, SweepValues } from "./sweep_options.ts";
import { workerArguments, type WorkerValues } from "./worker_arguments.ts";

/** Values of options that apply to runs of this process. */
type OwnValues = Pick<SweepValues, "adaptive" | "httpRetry"> & { readonly live?: boolean };

/**
 * Returns the executor of a command: that of the workers of a cluster, if there is an `--engine`.
 *
 * @param worker The values of `stet worker` for these runs.
 * @param here The executor of this process.
 * @param spelled Returns params as they were written, for programs.
 * @throws {UsageError} If the options do not fit.
 */
export async function executorOf(
  { engine, detach = false, noFallback = false, ...own }:
    & Partial<EngineValues>
    & Partial<OwnValues>,
  worker: WorkerValues,
  here: Executor,
  spelled?: (params: Row) => Row,
): Promise<Executor> {
  if (engine === undefined) {
    if (detach) throw new UsageError("--detach needs --engine");
    if (noFallback) throw new UsageError("--no-fallback needs --engine");
    return here;
  }
  checkNotOwn(own);
  const { cluster } = await import("../../mod.ts");
  const url = postgresUrl(worker.store, "--engine");
  const executor = cluster(url, {
    detach,
    fallback: noFallback ? false : here,
    workerCommand: shownCommand(["stet", "worker", ...workerArguments(worker)]),
  });
  return spelled ? withSpelling(executor, spelled) : executor;
}

/** @throws {UsageError} If an option would have no effect at workers. */
function checkNotOwn(
  { adaptive = false, httpRetry = false, live = false }: Partial<OwnValues>,
): void {
  if (adaptive) {
    throw new UsageError(
      "--adaptive counts the attempts of one process, and those of --engine are in many; leave it out, " +
        "and give --per-second or start fewer workers",
    );
  }
  if (httpRetry) {
    throw new UsageError(
      "--http-retry is not sent to the workers of --engine; give --retries and --retry-delay",
    );
  }
  if (live) {
    throw new UsageError(
      "--live prints what programs of this process print, and those of --engine are on other machines; " +
        "leave it out, their output is where --logs of stet worker says",
    );
  }
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
 * Checks that a function which names a Postgres store itself names the one of the command line: sweeps of its
 * module would send to the one, and workers wait at the other.
 *
 * @throws {UsageError} If it is another database, schema or table. Hosts may have several names.
 */
export function checkOwnStore(name: string, own: string | undefined, url: string): void {
  if (own === undefined || !isPostgres(own)) return;
  const [here, there] = [placeOf(own), placeOf(url)];
  const isOtherDatabase = here.database !== there.database && here.database && there.database;
  if (!isOtherDatabase && here.schema === there.schema && here.table === there.table) return;
  throw new UsageError(
    `${name}() has the store ${shownLocation(own)}, and --store names ${
      shownLocation(url)
    }: sweeps ` +
      `and workers would wait for each other; give --store the same URL, or change the option store`,
  );
}

function placeOf(
  url: string,
): { readonly database: string; readonly schema: string | null; readonly table: string | null } {
  const { pathname, searchParams } = new URL(url.replace(/^\w+(?:\+\w+)?:/, "postgresql:"));
  return {
    database: pathname.slice(1),
    schema: searchParams.get("schema"),
    table: searchParams.get("table"),
  };
}

function isPostgres(store: string): boolean {
  return /^postgres(?:ql)?(?:\+\w+)?:\/\//i.test(store);
}

/**
 * Returns the URL of a Postgres store.
 *
 * @param what The option or command that needs it, in the error.
 * @throws {UsageError} If the store is of another kind, or not named.
 */
export function postgresUrl(store: string | undefined, what: string): string {
  if (store !== undefined && isPostgres(store)) return store;
  const got = store === undefined ? "" : `, not ${shownLocation(store)}`;
  throw new UsageError(`${what} needs --store postgres://…, which all machines reach${got}`);
}
