import fs from "node:fs";
import { signatureOf } from "../../core/runtime/file_signature.ts";
import { checkIsFile } from "./check_is_file.ts";
import { isMissing, storeErrorOf } from "./system_error.ts";

/**
 * An open file, which stays what it is whatever becomes of its path. It is closed when all who use it
 * have let it go: a number of a descriptor that is still in use must not come to name another file.
 */
export class HeldFile {
  /** The path by which it was opened, for messages. */
  readonly path: string;
  readonly fd: number;
  readonly size: number;
  /** When it was last changed, in whole seconds since 1970. */
  readonly seconds: number;
  /**
   * Tells it from itself before or after a change, and, as long as it is held and its inode with it, from
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
   * Opens a file, for whoever lets it go; undefined if there is none.
   *
   * @throws {StoreError} If it cannot be opened, or is no file.
   */
  static open(path: string): HeldFile | undefined {
    let fd: number;
    try {
      const found = fs.statSync(path, { throwIfNoEntry: false });
      if (!found) return undefined;
      checkIsFile(path, found); // to open a pipe would wait for a writer
      fd = fs.openSync(path, "r");
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw storeErrorOf(error, `Cannot open store "${path}"`, path);
    }
    try {
      return new HeldFile(path, fd, fs.fstatSync(fd));
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
  }

  /** Takes part in using it; to be followed by `letGo`. */
  hold(): void {
    if (this.#users === 0) throw new Error(`"${this.path}" was closed`);
    this.#users++;
  }

  /** Ends one use of it; the last one closes it. */
  letGo(): void {
    if (--this.#users > 0) return;
    for (const free of this.#freed) free();
    fs.closeSync(this.fd);
  }

  /** Has something done when it is closed. */
  whenFreed(free: () => void): void {
    this.#freed.push(free);
  }
}
