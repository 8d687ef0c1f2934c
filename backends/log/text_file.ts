import { Buffer } from "node:buffer";
import fs from "node:fs";
import path from "node:path";
import { FormatError, StoreError } from "../../core/errors.ts";
import { catching } from "../../core/runtime/maybe_promise.ts";
import { checkOwnFile } from "../files/check_own_file.ts";
import {
  appendTo,
  CHUNK_BYTES,
  lineOf,
  type Pieces,
  readAt,
  syncFolder,
  withFile,
  writeAll,
} from "../files/file_bytes.ts";
import { openFile } from "../files/open_file.ts";
import { giveAccess } from "../files/side_file.ts";
import { isSystemError, removeFile, storeErrorOf, systemError } from "../files/system_error.ts";
import { ByteError, type Format, type Layout } from "./format.ts";

/** A text file of a format by its path: opened, replaced, removed, and named in errors. */
export class TextFile {
  readonly path: string;
  readonly format: Format;
  /** The file for torn and damaged rows. */
  readonly quarantinePath: string;
  /** The file that replaces this one. One name for all: what a killed process left, the next one removes. */
  readonly temporary: string;

  constructor(file: string, format: Format) {
    this.path = file;
    this.format = format;
    this.quarantinePath = `${file}.torn`;
    this.temporary = path.join(path.dirname(file), `.${path.basename(file)}.tmp`);
  }

  /** Opens the file for writing, if it still has this inode. */
  openWriter(inode: number): number {
    const fd = fs.openSync(this.path, "r+");
    try {
      const found = fs.fstatSync(fd);
      checkOwnFile(this.path, found);
      if (found.ino === inode) return fd;
      throw new StoreError(
        `Cannot write "${this.path}", which is as it was: it was replaced just now by a program that ` +
          `is not stet; try again`,
      );
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
  }

  /**
   * Runs a body on the open file; `none` is returned if it does not exist or holds nothing yet.
   *
   * @param failed Is given the error if the file is not of the format. Default: it is thrown.
   */
  reading<T>(
    none: T,
    body: (fd: number, layout: Layout, size: number) => T,
    failed?: (error: FormatError) => T,
  ): T {
    const fd = openFile(this.path);
    if (fd === undefined) return none;
    try {
      const { size } = fs.fstatSync(fd);
      const layout = this.layoutOf(fd, size);
      return layout ? body(fd, layout, size) : none;
    } catch (error) {
      if (failed && error instanceof FormatError) return failed(error);
      throw this.readError(fd, error, 0);
    } finally {
      fs.closeSync(fd);
    }
  }

  /** Reads the layout at the beginning of the open file; undefined if it holds nothing yet. */
  layoutOf(fd: number, size: number): Layout | undefined {
    for (let length = 4096;; length *= 4) {
      const bytes = new Uint8Array(Math.min(length, size));
      readAt(fd, bytes, 0, bytes.length, 0);
      try {
        const layout = this.format.layoutOf(bytes, length >= size);
        if (layout || length >= size) return layout;
      } catch (error) {
        throw this.readError(fd, error, 0);
      }
    }
  }

  /** Replaces the file in one step, which a crash cannot halve, by one with the mode and group of another. */
  replace(like: fs.Stats | undefined, write: (fd: number) => void): void {
    const { temporary } = this;
    try {
      removeFile(temporary);
      withFile(temporary, "wx+", (fd) => {
        if (like) giveAccess(temporary, like);
        write(fd);
        fs.fsyncSync(fd);
      });
      fs.renameSync(temporary, this.path);
    } catch (error) {
      throw this.writeError(error, () => removeFile(temporary));
    }
    this.#syncFolder("which was replaced");
  }

  /** Removes the file. */
  remove(): void {
    this.writing(() => removeFile(this.path));
    this.#syncFolder("which was removed");
  }

  /** @param change The change of the file, which a power cut may undo if this fails. */
  #syncFolder(change: string): void {
    catching(() => syncFolder(path.dirname(this.path)), (error) => {
      const what = `Cannot sync the folder of "${this.path}", ${change}`;
      throw storeErrorOf(error, what, this.path);
    });
  }

  /** Appends bytes of the open file to the quarantine, which gets its mode and group. */
  quarantine(bytes: Uint8Array, fd: number): void {
    const isNew = !fs.existsSync(this.quarantinePath);
    appendTo(this.quarantinePath, bytes);
    if (isNew) giveAccess(this.quarantinePath, fs.fstatSync(fd));
  }

  /** Runs a body that reads pieces of the open file. Errors name the file and the line. */
  parsing<T>(fd: number, pieces: Pieces, read: () => T): T {
    return catching(read, (error) => {
      throw this.readError(fd, error, pieces.base);
    });
  }

  /** Runs a body that writes, and undoes what it wrote if it fails. */
  writing<T>(write: () => T, undo?: () => void): T {
    return catching(write, (error) => {
      throw this.writeError(error, undo);
    });
  }

  /** Returns an error of reading; offsets of a `ByteError` count from a byte of the file. */
  readError(fd: number, error: unknown, base: number): unknown {
    if (error instanceof ByteError) return this.formatError(fd, error, base);
    return storeErrorOf(error, `Cannot read "${this.path}"`, this.path);
  }

  /** Returns an error that names the file and the line. */
  formatError(fd: number, error: ByteError, base: number): FormatError {
    const line = lineOf(fd, base + error.offset);
    return new FormatError(
      `Cannot read "${this.path}" as ${this.format.name}: line ${line}: ${error.message}`,
      { cause: error },
    );
  }

  /** Undoes a write, and returns the error that ended it. */
  writeError(error: unknown, undo?: () => void): unknown {
    let left = "which is as it was";
    try {
      undo?.();
    } catch {
      left = "whose last row may be cut off";
    }
    if (!isSystemError(error)) return error;
    return systemError(`Cannot write "${this.path}", ${left}`, this.path, error);
  }
}

/** Writes a new file of a format, many rows at a time. */
export class RowWriter {
  readonly #fd: number;
  readonly #format: Format;
  readonly #layout: Layout;
  #end: number;
  #after: "head" | "row" = "head";
  #batch: string[] = [];
  #size = 0;

  constructor(fd: number, format: Format, layout: Layout) {
    this.#fd = fd;
    this.#format = format;
    this.#layout = layout;
    const head = Buffer.from(format.head(layout) + format.closing);
    writeAll(fd, head, 0);
    this.#end = head.length - format.closing.length;
  }

  /** Adds a row, as the format encodes it. */
  add(row: string): void {
    this.#size += row.length;
    if (this.#batch.push(row) > 0 && this.#size >= CHUNK_BYTES) this.end();
  }

  /** Writes the rows that were added. */
  end(): void {
    if (this.#batch.length === 0) return;
    const bytes = Buffer.from(this.#format.append(this.#batch, this.#layout, this.#after));
    writeAll(this.#fd, bytes, this.#end);
    this.#end += bytes.length - this.#format.closing.length;
    this.#after = "row";
    this.#batch = [];
    this.#size = 0;
  }
}
