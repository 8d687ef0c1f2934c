import fs from "node:fs";
import { messageOf, StoreError } from "../../core/errors.ts";
import { isMissing } from "./system_error.ts";

/** A sync that took longer than this, in milliseconds, goes to a thread the next time. */
const SLOW = 0.5;

/** What can be brought to the disk. The file may be gone by then. */
export interface Syncable {
  readonly path: string;
  /** Does it in place. */
  sync(): void;
}

/**
 * Brings the bytes of a file to the disk, one `fdatasync` for all who wait together.
 *
 * On a quick disk it is done in place, which takes less time than the way to a thread and back; on a
 * slow one it must not hold up the event loop. Which it is, the last one tells.
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

  /** Resolves once all that was written before is on the disk. */
  sync(): Promise<void> {
    return this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.#running = this.#syncOnce();
    });
  }

  async #syncOnce(): Promise<void> {
    const start = performance.now();
    if (this.#took < SLOW) this.#file.sync();
    else await syncInThread(this.#file);
    this.#took = performance.now() - start;
  }
}

/** Returns the error of a store whose bytes may be lost: a second fsync may succeed although they are. */
export function syncError(path: string, cause: unknown): StoreError {
  // https://wiki.postgresql.org/wiki/Fsync_Errors
  return new StoreError(
    `Cannot use store "${path}" any more: fsync failed (${
      messageOf(cause)
    }), and data written last ` +
      `may not be durable; check the disk and start again`,
    { cause },
  );
}

/**
 * On a descriptor of its own: the store's may be closed before the thread comes to it. A file that is gone
 * has no bytes to bring: it was cleared, or merged, and with its rows synced. If the file cannot be opened,
 * as with no descriptors left, it is done in place.
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
