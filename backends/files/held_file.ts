import fs from "node:fs";
import { signatureOf } from "../../core/runtime/file_signature.ts";
import { openFile } from "./open_file.ts";

/**
 * An open file with a reference count, whatever becomes of its path. It is closed with its last use: the number
 * of a descriptor that is in use must not come to name another file.
 */
export class HeldFile {
  /** The path by which it was opened, for messages. */
  readonly path: string;
  readonly fd: number;
  readonly size: number;
  /** Time of its last change, in whole seconds since 1970. */
  readonly seconds: number;
  /**
   * Tells it from itself before or after a change and, as long as it is held and its inode with it, from
   * any other file.
   */
  readonly signature: string;
  readonly #freed: (() => void)[] = [];
  #users = 1;

  private constructor(path: string, fd: number, found: fs.Stats) {
    this.path = path;
    this.fd = fd;
    this.size = found.size;
    this.seconds = Math.floor(found.mtimeMs / 1000);
    this.signature = signatureOf(found);
  }

  /**
   * Opens a file for one use; undefined if there is none.
   *
   * @throws {StoreError} If it cannot be opened, or is no file.
   */
  static open(path: string): HeldFile | undefined {
    const fd = openFile(path);
    if (fd === undefined) return undefined;
    try {
      return new HeldFile(path, fd, fs.fstatSync(fd));
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
  }

  /** Retains it for one more use, which ends with `release`. */
  retain(): void {
    if (this.#users === 0) throw new Error(`"${this.path}" was closed`);
    this.#users++;
  }

  /** Releases it after one use; the last one closes it. */
  release(): void {
    if (--this.#users > 0) return;
    for (const free of this.#freed) free();
    fs.closeSync(this.fd);
  }

  /** Calls a function when it is closed. */
  whenFreed(free: () => void): void {
    this.#freed.push(free);
  }
}
