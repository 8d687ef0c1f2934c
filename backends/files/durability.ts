import fs from "node:fs";
import { messageOf, StoreError } from "../../core/errors.ts";
import { andThen, type MaybePromise } from "../../core/runtime/maybe_promise.ts";
import { isMissing } from "./system_error.ts";

/** Duration of a sync from which the next one is done in a thread. */
const SLOW_MS = 0.5;

/** A file that can be synced. It may have been removed by then. */
export interface Syncable {
  readonly path: string;
  /** Syncs it in this thread. */
  sync(): void;
}

/** Acknowledges changes of a file once they are as durable as the store promises. */
export class Durability {
  /** True if changes survive a power cut. */
  readonly isSynced: boolean;
  readonly #path: string;
  readonly #syncer: Syncer;
  readonly #failed: (error: StoreError) => StoreError;

  /** @param failed Ends all use of the store, and returns the error of later uses. */
  constructor(
    file: Syncable,
    durability: "power" | "process" | undefined,
    failed: (error: StoreError) => StoreError,
  ) {
    this.isSynced = (durability ?? "power") === "power";
    this.#path = file.path;
    this.#syncer = new Syncer(file);
    this.#failed = failed;
  }

  /** Returns the result of a change once it is durable. */
  acknowledge<T>(changed: MaybePromise<T>): MaybePromise<T> {
    if (!this.isSynced) return changed;
    return andThen(changed, (result) => this.#synced(result));
  }

  async #synced<T>(result: T): Promise<T> {
    try {
      await this.#syncer.sync();
      return result;
    } catch (cause) {
      // A second fsync may succeed although bytes were lost: https://wiki.postgresql.org/wiki/Fsync_Errors
      throw this.#failed(
        new StoreError(
          `Cannot use store "${this.#path}" any more: fsync failed (${messageOf(cause)}), and ` +
            `data written last may not be durable; check the disk and start again`,
          { cause },
        ),
      );
    }
  }
}

/**
 * Syncs a file, by one `fdatasync` for all callers that wait together.
 *
 * On a fast disk it is done in place, which takes less time than a thread; on a slow one it must not block the
 * event loop. The duration of the last one decides.
 */
export class Syncer {
  readonly #file: Syncable;
  #took = 0;
  #running: Promise<void> = Promise.resolve();
  /** The sync that begins when the running one ends. */
  #next: Promise<void> | undefined;

  constructor(file: Syncable) {
    this.#file = file;
  }

  /** Resolves once all that was written before the call is on the disk. */
  sync(): Promise<void> {
    return this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.#running = this.#syncOnce();
    });
  }

  async #syncOnce(): Promise<void> {
    const start = performance.now();
    if (this.#took < SLOW_MS) this.#file.sync();
    else await syncInThread(this.#file);
    this.#took = performance.now() - start;
  }
}

/**
 * Uses a descriptor of its own: the store's may be closed meanwhile. A file that does not exist has no bytes
 * to sync: it was cleared, or merged into a file that was synced. If the file cannot be opened, as with no
 * descriptors left, it is synced in place.
 */
async function syncInThread(file: Syncable): Promise<void> {
  let handle: fs.promises.FileHandle;
  try {
    handle = await fs.promises.open(file.path, "r+");
  } catch (error) {
    if (!isMissing(error)) file.sync();
    return;
  }
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}
