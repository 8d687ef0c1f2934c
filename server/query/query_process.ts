import { engineOf } from "../../core/contract/adapted_backend.ts";
import fs from "node:fs";
import path from "node:path";
import type { Engine } from "../../core/contract/engine.ts";
import type { Executor } from "../../core/runs/executor.ts";
import { FormatError, LockError, messageOf, StoreError } from "../../core/errors.ts";
import { isBundled } from "../../core/runtime/is_bundled.ts";
import { ConditionVariable } from "../../core/runtime/condition_variable.ts";
import { TemporaryFolder } from "../../core/runtime/temporary_folder.ts";
import { openBackend, QueryError, workers } from "../../mod.ts";
import { MissingPackageError } from "../../packages/load_package.ts";
import { answerQuery, type QueryJob, queryJob, type Statement } from "./query_job.ts";

/** The maximum number of statements under way; more wait. */
const MAX_PROCESSES = 2;
/** The time after its timeout at which a process is killed, in milliseconds. */
const GRACE_MS = 2000;

/** The classes of errors that a process can send. */
const CLASSES: Readonly<
  Record<string, new (message: string, options: ErrorOptions) => StoreError>
> = { FormatError, LockError, MissingPackageError, QueryError, StoreError };

/**
 * Runs SQL of clients in processes of its own. DuckDB counts no memory within one call of a function,
 * and does not heed an interrupt there: a process is killed.
 */
export class QueryProcesses {
  readonly #backend: Engine;
  readonly #path: string | undefined;
  readonly #executor: Executor = workers(queryJob, "answerQuery", { concurrency: MAX_PROCESSES });
  #opened: Promise<void> | undefined;
  #running = 0;
  /** Notified when a statement has ended. */
  readonly #ended = new ConditionVariable();

  /** @param path The store's file, if another process can open it; else its rows are copied. */
  constructor(backend: Engine, path: string | undefined) {
    this.#backend = backend;
    this.#path = path;
  }

  /**
   * Runs a statement, and returns its answer piece by piece.
   *
   * @throws {QueryError} If the statement is wrong, or takes more time or memory than it may.
   * @throws {StoreError} If the store cannot be read.
   */
  async answer(statement: Statement): Promise<AsyncIterator<Uint8Array>> {
    if (isBundled(queryJob, import.meta.url)) {
      throw new StoreError(
        "Cannot run SQL: its module is in a bundle; keep @stet/stet out of the bundle (external)",
      );
    }
    const folder = new TemporaryFolder("stet-query-");
    try {
      while (this.#running >= MAX_PROCESSES) await this.#ended.wait();
      this.#running++;
      try {
        await (this.#opened ??= this.#executor.open?.() ?? Promise.resolve());
        const answer = path.join(folder.path, "answer");
        const isFile = this.#path !== undefined && fs.existsSync(this.#path);
        const store = isFile ? this.#path! : await this.#copy(folder.path);
        await this.#run({ ...statement, store, answer });
        const fd = fs.openSync(answer, "r"); // before the file is removed
        return fs.createReadStream(answer, { fd }).iterator();
      } finally {
        this.#running--;
        this.#ended.notifyAll();
      }
    } finally {
      folder.remove();
    }
  }

  /** Ends the processes. */
  async close(): Promise<void> {
    if (this.#opened) await this.#opened.then(() => this.#executor.close?.(), () => {});
  }

  async #run(job: QueryJob): Promise<void> {
    const { timeout } = job;
    const signal = AbortSignal.timeout(timeout + GRACE_MS);
    try {
      const call = (): Promise<void> => answerQuery(job);
      await this.#executor.run({ id: "", params: {}, args: [job], call, signal });
    } catch (error) {
      const message = messageOf(error);
      if (signal.aborted) {
        throw new QueryError(
          `Cannot finish the SQL in ${timeout} ms, the time that it was given: allow more ` +
            `(timeout), or ask for less`,
        );
      }
      if (/^the worker (?:was killed|crashed|exited|ran out)/.test(message)) {
        throw new QueryError(
          `Cannot run the SQL: it took more memory than it may (${message}); ask for less`,
          { cause: error },
        );
      }
      const { name } = error as Error;
      throw Object.hasOwn(CLASSES, name) ? new CLASSES[name]!(message, { cause: error }) : error;
    }
  }

  /** Copies the rows to a file that another process can open, and returns its path. */
  async #copy(folder: string): Promise<string> {
    const copy = path.join(folder, "rows.jsonl");
    fs.writeFileSync(copy, ""); // a store without rows is a store
    const store = engineOf(await openBackend(copy, { durability: "process" }));
    try {
      await store.recordAll(this.#backend.rows(), { columns: await this.#backend.columns() });
    } finally {
      await store.close();
    }
    return copy;
  }
}
