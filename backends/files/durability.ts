import type { MaybePromise } from "../../core/contract/backend.ts";
import type { StoreError } from "../../core/errors.ts";
import { type Syncable, Syncer, syncError } from "./syncer.ts";

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
      throw this.#failed(syncError(this.#path, cause));
    }
  }
}
