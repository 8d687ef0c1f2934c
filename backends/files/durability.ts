import type { MaybePromise } from "../../core/contract/backend.ts";
import { messageOf, StoreError } from "../../core/errors.ts";
import { type Syncable, Syncer } from "./syncer.ts";

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
    return changed instanceof Promise
      ? changed.then((result) => this.#synced(result))
      : this.#synced(changed);
  }

  async #synced<T>(result: T): Promise<T> {
    try {
      await this.#syncer.sync();
      return result;
    } catch (cause) {
      // A second fsync may succeed although bytes were lost: https://wiki.postgresql.org/wiki/Fsync_Errors
      throw this.#failed(
        new StoreError(
          `Cannot use store "${this.#path}" any more: fsync failed (${
            messageOf(cause)
          }), and data ` +
            `written last may not be durable; check the disk and start again`,
          { cause },
        ),
      );
    }
  }
}
