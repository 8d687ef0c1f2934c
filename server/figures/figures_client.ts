import { randomUUID } from "node:crypto";
import { Worker } from "node:worker_threads";
import type { Engine } from "../../core/contract/engine.ts";
import { messageOf, StoreError } from "../../core/errors.ts";
import type { Grid } from "../../core/grids/grid.ts";
import { isBundled } from "../../core/runtime/is_bundled.ts";
import { isGranted } from "../../core/runtime/missing_permission.ts";
import { Follower, type Reading } from "./follower.ts";
import type { PackedRows } from "../../figures/data/columns/packed_rows.ts";
import {
  type Answer,
  answererOf,
  type FiguresRequests,
  type FiguresStart,
  figuresThread,
  type Question,
  START,
} from "./figures_thread.ts";

/** The maximum number of rows of figures without a thread: a view of them takes 50 ms at most. */
const MAX_ROWS_WITHOUT_THREAD = 20_000;

/** The size of the thread's heap of new objects, in MB: batches of rows are there for a moment. */
const MAX_YOUNG_MB = 8;

/** Answers requests, in a thread or in this one. */
interface Answerer {
  ask(name: keyof FiguresRequests, args: readonly unknown[]): Promise<unknown>;
  close(): void;
}

/**
 * The rows and figures of a store, in a thread of their own, which is started by the first request: however
 * long a figure takes, the thread that answers claims is free. Where no thread can be started, they are in
 * this one, for stores of some 20,000 rows at most.
 */
export class FiguresClient {
  /** Differs for each copy of rows: its generations and counts are those of no other store. */
  readonly instance: string = randomUUID();
  readonly #location: string;
  readonly #start: FiguresStart;
  readonly #follower: Follower;
  readonly #listeners = new Set<() => void>();
  #answerer: Promise<Answerer> | undefined;
  #isClosed = false;

  constructor(backend: Engine, grid?: Grid) {
    this.#location = backend.location;
    this.#start = {
      grid: grid && { factors: grid.factors, places: grid.places },
    };
    this.#follower = new Follower(backend, {
      begin: (isWhole, count) => this.ask("begin", isWhole, count),
      insert: (rows) => this.ask("insert", rows),
      commit: (columns) => this.ask("commit", columns),
      abort: () => this.ask("abort"),
    });
  }

  /** The number of rows, and so the position of the newest one. */
  get count(): number {
    return this.#follower.count;
  }

  /** Changes when the store was changed otherwise than by adding rows. */
  get generation(): number {
    return this.#follower.generation;
  }

  /** The progress of the copy of all rows that is under way; null if there is none. */
  get reading(): Reading | null {
    return this.#follower.reading;
  }

  /** The time for which the store has not answered a copy that is under way, in milliseconds. */
  get silence(): number {
    return this.#follower.silence;
  }

  /** Copies the rows that the store has gained, and resolves to the store's cursor. */
  catchUp(): Promise<string> {
    return this.#follower.catchUp();
  }

  /** Notifies listeners that the store was changed here. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Adds a listener of {@linkcode changed}. */
  onChanged(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Sends a request to the thread. */
  async ask<N extends keyof FiguresRequests>(
    name: N,
    ...args: Parameters<FiguresRequests[N]>
  ): Promise<ReturnType<FiguresRequests[N]>> {
    if (this.#isClosed) throw this.#error("the sidecar was closed");
    const answerer = await (this.#answerer ??= this.#open());
    return await answerer.ask(name, args) as ReturnType<FiguresRequests[N]>;
  }

  /** Ends the thread. Node ends its process only after the request that the thread answers. */
  close(): void {
    this.#isClosed = true;
    this.#answerer?.then((it) => it.close(), () => {});
  }

  #error(reason: string): StoreError {
    return new StoreError(`Cannot show store "${this.#location}": ${reason}`);
  }

  async #open(): Promise<Answerer> {
    try {
      return await this.#openThread();
    } catch (error) {
      return this.#openHere(messageOf(error));
    }
  }

  async #openThread(): Promise<Answerer> {
    if (isBundled(figuresThread, import.meta.url)) throw new Error("its module is in a bundle");
    const module = new URL(figuresThread);
    // Else Deno may ask on the terminal, and no claim is answered before the user is.
    if (module.protocol === "file:" && !isGranted({ name: "read", path: module })) {
      throw new Error(`Deno gives no read access to ${module}`);
    }
    const worker = new Worker(module, {
      workerData: { [START]: this.#start },
      resourceLimits: { maxYoungGenerationSizeMb: MAX_YOUNG_MB },
    });
    await new Promise<void>((resolve, reject) => {
      worker.once("message", () => resolve());
      worker.once("error", reject);
      worker.once("exit", (code) => reject(new Error(`the thread exited with code ${code}`)));
    });
    worker.unref();

    const waiting: PromiseWithResolvers<unknown>[] = [];
    const end = (error: Error): void => {
      for (const { reject } of waiting.splice(0)) reject(error);
    };
    const died = (reason: string): void => {
      this.#answerer = undefined; // the next request starts another
      this.#follower.restart();
      end(this.#error(`the thread of its figures ended (${reason}); ask again`));
    };
    worker.on("message", ({ value, error }: Answer) => {
      const asked = waiting.shift();
      if (waiting.length === 0) worker.unref();
      if (error) asked?.reject(receivedError(error));
      else asked?.resolve(value);
    });
    worker.on("error", (error) => died(messageOf(error)));
    worker.on("exit", (code) => died(`code ${code}`));
    return {
      ask(name, args) {
        const asked = Promise.withResolvers<unknown>();
        worker.postMessage({ name, args } satisfies Question);
        waiting.push(asked);
        worker.ref(); // the process lives until it is answered
        return asked.promise;
      },
      close: () => {
        worker.removeAllListeners("exit");
        end(this.#error("the sidecar was closed"));
        worker.unref();
        void worker.terminate();
      },
    };
  }

  #openHere(reason: string): Answerer {
    const answer = answererOf(this.#start);
    let rows = 0;
    return {
      ask: async (name, args) => {
        if (name === "abort" || name === "begin" && args[0] === true) rows = 0;
        if (name === "insert") rows += (args[0] as PackedRows).length;
        if (rows <= MAX_ROWS_WITHOUT_THREAD) return await answer(name, args);
        throw this.#error(
          `it has more than ${MAX_ROWS_WITHOUT_THREAD} rows, whose figures would block claims, and no ` +
            `thread can be started for them (${reason}); on Deno, start the sidecar with --allow-read`,
        );
      },
      close: () => void answer("close", []),
    };
  }
}

const CLASSES = { RangeError, StoreError, SyntaxError, TypeError };

/** Returns an error of the thread, of the class that it had there. */
function receivedError({ name, message, stack }: NonNullable<Answer["error"]>): Error {
  const known = Object.hasOwn(CLASSES, name) ? CLASSES[name as keyof typeof CLASSES] : Error;
  return Object.assign(new known(message), { stack });
}
