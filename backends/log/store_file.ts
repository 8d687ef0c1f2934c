import { Buffer } from "node:buffer";
import fs from "node:fs";
import path from "node:path";
import type { CellBatch } from "../../core/contract/cell_batch.ts";
import { CellBatchBuilder } from "../columnar/cell_batch_builder.ts";
import { isReserved, orderColumns, sourceIn, TIMESTAMP } from "../../core/values/columns.ts";
import { FormatError, StoreError } from "../../core/errors.ts";
import type { KeyShape } from "../../core/keys/key.ts";
import type { Row } from "../../core/values/value.ts";
import type { RowsAfter } from "../../core/contract/backend.ts";
import type { TextRow } from "../../core/contract/engine.ts";
import { checkIsFile } from "../files/check_is_file.ts";
import { checkOwnFile } from "../files/check_own_file.ts";
import {
  appendTo,
  lineOf,
  Pieces,
  readAt,
  syncFolder,
  tailAfter,
  tailOf,
  writeAll,
} from "../files/file_bytes.ts";
import { ByteError, type Format, type Layout, type RowScanner } from "./format.ts";
import { type Gone, RowIndexes } from "./row_indexes.ts";
import { rowOf, scanPiece } from "./row_scan.ts";
import { RowWriter } from "./row_writer.ts";
import { scanToEnd } from "./scan_to_end.ts";
import { giveAccess } from "../files/side_file.ts";
import {
  isMissing,
  isSystemError,
  removeFile,
  storeErrorOf,
  systemError,
} from "../files/system_error.ts";
import { type Fault, walkLines } from "./walk_lines.ts";

/** After how long without a change nobody is writing a file any more, in milliseconds. */
const SETTLED = 1000;

/** The open file, and what was read of it. */
interface Opened {
  /** What tells it from what the file was before it was replaced or edited. */
  readonly generation: string;
  readonly fd: number;
  readonly device: number;
  readonly inode: number;
  /** For writing; opened by the first append. */
  writer: number | undefined;
  /** How the file is written and read; undefined while it holds nothing yet. */
  reading: { readonly layout: Layout; readonly scanner: RowScanner } | undefined;
  /** Size and time of change when it was last read or written. */
  size: number;
  changed: number;
  /** When it was first seen to have these, by a clock that only counts. */
  seen: number;
  /** Where the last whole row ends, and what stands before. */
  end: number;
  after: "head" | "row" | "unterminated";
  rows: number;
  /** The bytes after `end`, and whether they are the format's own. */
  rest: Uint8Array;
  isClosed: boolean;
  /** The last bytes before `end`. */
  check: Uint8Array;
  /** Rows that were read but are yet to be written, and how the file is until then. */
  unwritten: (Ending & { text: string }) | undefined;
}

/** Where a file's last whole row ends, and what follows. */
type Ending = Pick<Opened, "end" | "rest" | "size">;

/**
 * The file of a store: its rows as they are on the disk now, read once and from then on only where
 * it grew, and the ways in which it changes. Changing it is for those who hold the store's lock, and
 * begins with `refresh`.
 */
export class StoreFile {
  readonly path: string;
  readonly #format: Format;
  readonly #warn: (message: string) => void;
  readonly #store: string;
  readonly #indexes = new RowIndexes();
  #opened: Opened | undefined;
  /** Whether a body of `inOneWrite` runs, and what one of its writes failed with. */
  #isCollecting = false;
  #failure: StoreError | undefined;

  /**
   * @param store The store that the file is part of, whose mode and group it takes when it is made.
   */
  constructor(path: string, format: Format, warn: (message: string) => void, store: string = path) {
    this.path = path;
    this.#store = store;
    this.#format = format;
    this.#warn = warn;
  }

  /** How many rows were read. */
  get rowCount(): number {
    return this.#opened?.rows ?? 0;
  }

  /** The columns that were read. */
  get columns(): readonly string[] {
    return orderColumns(this.#opened?.reading?.scanner.names ?? [], []);
  }

  /** The layout that was read, and where the last whole row ends; undefined if there is none. */
  get extent(): { readonly layout: Layout; readonly end: number } | undefined {
    const opened = this.#opened;
    return opened?.reading && { layout: opened.reading.layout, end: opened.end };
  }

  /** The columns, from the beginning of a file that names them there; undefined if it does not. */
  namedColumns(): readonly string[] | undefined {
    const fd = this.#openReader();
    if (fd === undefined) return undefined;
    try {
      const layout = this.#readLayout(fd, fs.fstatSync(fd).size);
      return layout && layout.columns.length > 0 ? orderColumns(layout.columns, []) : undefined;
    } finally {
      fs.closeSync(fd);
    }
  }

  /**
   * Checks that a file which stet did not write has a column of a key, so that no run is recorded in a
   * file of something else.
   *
   * @param names The columns of the key.
   * @throws {StoreError} If it has none of them.
   */
  checkShared(names: () => readonly string[]): void {
    const known = this.#opened?.reading?.scanner.names ?? [];
    if (known.length === 0 || known.includes(TIMESTAMP)) return;
    const wanted = names().filter((name) => !isReserved(name));
    if (wanted.length === 0 || wanted.some((name) => known.includes(name))) return;
    const shown = known.slice(0, 5).map((name) => JSON.stringify(name)).join(", ");
    throw new StoreError(
      `Cannot use "${this.path}" as a store of (${
        wanted.join(", ")
      }): stet did not write it, and it ` +
        `has other columns (${shown}${
          known.length > 5 ? ", …" : ""
        }); give the path of a store, or of ` +
        `a file that has one of these columns`,
    );
  }

  /**
   * Reads what is new: nothing if the file is as it was, what was appended if it only grew, all of
   * it if it was replaced or edited.
   *
   * @param isLocked Whether this thread has the store's lock.
   * @throws {FormatError} If it is not what its extension says; names the line.
   */
  refresh(isLocked: boolean): void {
    try {
      this.#refresh(isLocked);
    } catch (error) {
      throw storeErrorOf(error, `Cannot read "${this.path}"`, this.path);
    }
  }

  #refresh(isLocked: boolean): void {
    this.#flush();
    const found = fs.statSync(this.path, { throwIfNoEntry: false });
    const opened = this.#opened;
    if (!found) return this.#forget();
    if (!opened || opened.inode !== found.ino || opened.device !== found.dev) {
      return this.#open(isLocked);
    }
    const { size, mtimeMs } = found;
    if (size === opened.size) {
      // What looked torn while it may have been half written is looked at again.
      if (mtimeMs === opened.changed && (opened.isClosed || !isSettled(opened, isLocked))) return;
    }
    const isGrown = size > opened.size || mtimeMs === opened.changed;
    if (!isGrown || !this.#isUnchanged(opened)) return this.#open(isLocked);
    try {
      this.#read(opened, found, isLocked);
    } catch (error) {
      this.#forget(); // half of it was read
      throw error;
    }
  }

  /** Whether keys of this shape are found without reading the file. */
  isIndexed(shape: KeyShape): boolean {
    return this.#indexes.has(shape);
  }

  /** Where the newest row of a key begins; -1 if there is none. Of what was read. */
  find(shape: KeyShape, text: string): number {
    const found = this.#indexes.find(shape, text);
    if (found !== undefined) return found;
    this.#addIndex(shape);
    return this.#indexes.find(shape, text)!;
  }

  /**
   * Returns the source of the newest row of a key, empty if it has none; undefined if there is no such
   * row. Of what was read.
   */
  sourceOf(shape: KeyShape, text: string): string | undefined {
    if (!this.#indexes.has(shape)) this.#addIndex(shape);
    const source = this.#indexes.sourceOf(shape, text);
    return source === null ? sourceIn(this.rowAt(this.find(shape, text))) : source;
  }

  /** The row that begins at a byte. */
  rowAt(offset: number): Row {
    const { fd, reading, end, unwritten } = this.#opened!;
    if (unwritten && offset >= unwritten.end) this.#flush();
    const { scanner } = reading!;
    const pieces = new Pieces(fd, offset, end, 4096);
    return this.#parsing(fd, pieces, () => {
      while (pieces.fill()) {
        if (scanner.next(pieces.bytes, 0, pieces.length) !== -1) return rowOf(scanner);
      }
      scanner.last(pieces.bytes, 0, pieces.length, true);
      return rowOf(scanner);
    });
  }

  /** All rows that were read, each with only the columns asked for. */
  *rows(columns?: readonly string[]): Generator<Row> {
    yield* this.#scanned((scanner) => rowOf(scanner, columns));
  }

  /** The texts of each row, for formats that have nothing else. */
  *texts(): Generator<TextRow> {
    yield* this.#scanned((scanner) => {
      const texts = scanner.texts?.() ?? [];
      return Object.fromEntries(scanner.names.map((name, i) => [name, texts[i] ?? ""]));
    });
  }

  /** The same as canonical cell text. */
  *cells(columns?: readonly string[]): Generator<CellBatch> {
    const batch = new CellBatchBuilder();
    const add = (scanner: RowScanner): void => {
      const names = columns ?? scanner.names;
      for (const name of names) {
        const slot = scanner.slot(name);
        if (slot !== -1) scanner.feed(slot, "", batch.column(name));
      }
      batch.endRow();
    };
    for (const _ of this.#scanned(add)) if (batch.isFull) yield batch.take();
    if (batch.length > 0) yield batch.take();
  }

  /** Returns the rows that were read after a cursor. */
  rowsAfter(cursor: string | undefined): RowsAfter {
    if (!this.#opened) return { cursor: "none", isWhole: cursor !== "none", rows: [] };
    const { generation, end } = this.#opened;
    const [of, from] = cursor?.split(" ") ?? [];
    const isWhole = of !== generation;
    const rows = this.#scannedIn(this.#opened, isWhole ? 0 : Number(from), end, rowOf);
    return { cursor: `${generation} ${end}`, isWhole, rows };
  }

  /** Reads all rows: what is read of the scanner at each. */
  *#scanned<T>(read: (scanner: RowScanner) => T): Generator<T> {
    const opened = this.#opened;
    if (opened) yield* this.#scannedIn(opened, 0, opened.end, read);
  }

  /** Reads the rows between two bytes, at which rows begin and end. */
  *#scannedIn<T>(
    { inode, reading }: Opened,
    start: number,
    end: number,
    read: (scanner: RowScanner) => T,
  ): Generator<T> {
    const { path } = this;
    if (!reading || start === end) return;
    const { layout } = reading;
    // A descriptor and a scanner of its own: the store may be used between two rows.
    const fd = this.#openReader() ?? -1;
    const pieces = new Pieces(fd, Math.max(start, layout.start), end);
    try {
      if (fd === -1 || fs.fstatSync(fd).ino !== inode) {
        throw new StoreError(`Cannot read "${path}": it was replaced just now; read it again`);
      }
      const scanner = this.#format.scanner(layout);
      while (pieces.fill()) {
        let at = 0;
        for (;;) {
          const next = scanner.next(pieces.bytes, at, pieces.length);
          if (next === -1) break;
          if (scanner.isRow) yield read(scanner);
          at = next;
        }
        pieces.consume(at);
      }
      if (scanner.last(pieces.bytes, 0, pieces.length, true)) yield read(scanner);
    } catch (error) {
      throw this.#readError(fd, error, pieces.base);
    } finally {
      if (fd !== -1) fs.closeSync(fd);
    }
  }

  /**
   * Runs a body, at whose end all rows that it appends are in the file by one write. It finds them
   * before: what needs their bytes has them written at once.
   *
   * @throws {StoreError} If they cannot be written, as on a full disk: none is there that was not written
   * before.
   */
  inOneWrite<T>(body: () => T): T {
    this.#isCollecting = true;
    try {
      const result = body();
      this.#flush();
      return result;
    } finally {
      this.#isCollecting = false;
      this.#failure = undefined;
      if (this.#opened?.unwritten) this.#forget(); // the body threw
    }
  }

  /**
   * Adds rows after the last one, in one write. A torn tail is moved aside first; a file that is not
   * there yet, or lacks a column, is written anew.
   *
   * @param columns Columns that it is to have besides those of the rows, and before them.
   * @throws {StoreError} If it cannot be written, as on a full disk; the file is as it was.
   */
  append(rows: readonly Row[], columns: readonly string[] = []): void {
    if (this.#failure) throw this.#failure;
    const opened = this.#opened;
    const layout = this.#format.extend(opened?.reading?.layout, columnsOf(rows, columns));
    if (!opened || layout !== opened.reading?.layout) return this.rewrite(undefined, rows, columns);
    if (rows.length === 0) return;
    this.repair();
    const lines = rows.map((row) => this.#format.encode(row, layout));
    const text = this.#format.append(lines, layout, opened.after);
    const bytes = Buffer.from(text + "\n"); // scanners want a newline after the end
    const length = bytes.length - 1;
    if (this.#isCollecting) {
      const { end, rest, size } = opened;
      opened.unwritten ??= { end, rest, size, text: "" };
      opened.unwritten.text += text.slice(0, text.length - this.#format.closing.length);
    } else {
      this.#write(opened, bytes.subarray(0, length), opened);
    }
    this.#scan(opened, new Pieces(opened.fd, opened.end, opened.end + length, bytes), () => true);
    opened.size = opened.end + opened.rest.length;
  }

  /**
   * Checks what can be known of whether rows can be written: to be asked before a run, whose result would
   * be lost. Only under the lock.
   *
   * @throws {StoreError} If the file may not be written, or has other paths.
   */
  checkWritable(): void {
    const opened = this.#opened;
    if (!opened) return;
    try {
      opened.writer ??= this.#openWriter(opened);
    } catch (error) {
      throw this.#writeError(error);
    }
  }

  /**
   * Writes the file anew, in one step that a crash cannot halve: the rows but those that are `gone`,
   * in their own spelling, then `added`.
   *
   * @param gone Which rows to leave out.
   * @param columns Columns that it is to have besides those of the rows, and before them.
   * @throws {StoreError} If it cannot be written; the file is as it was.
   */
  rewrite(gone: Gone | undefined, added: readonly Row[], columns: readonly string[] = []): void {
    this.#flush();
    const opened = this.#opened;
    this.checkWritable();
    this.repair();
    const layout = this.#format.extend(opened?.reading?.layout, columnsOf(added, columns));
    const like = opened ? fs.fstatSync(opened.fd) : this.#likeStore();
    this.#replace(like, (fd) => this.#writeAnew(fd, opened, layout, gone, added));
    this.#open(true);
  }

  /**
   * Puts a file that a body writes in the place of this one, in one step.
   *
   * @param like The file whose mode and group it gets.
   */
  #replace(like: fs.Stats | undefined, write: (fd: number) => void): void {
    // One name for all: what a killed process left of it is taken away by the next.
    const { temporary } = this;
    try {
      removeFile(temporary);
      const fd = fs.openSync(temporary, "wx+");
      try {
        if (like) giveAccess(temporary, like);
        write(fd);
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
      fs.renameSync(temporary, this.path);
      syncFolder(path.dirname(this.path));
    } catch (error) {
      throw this.#writeError(error, () => removeFile(temporary));
    }
  }

  /**
   * Removes the file, with all rows. A torn tail is moved aside first. Only under the lock.
   *
   * @throws {StoreError} If it cannot be removed.
   */
  remove(): void {
    this.#flush();
    if (!this.#opened) return;
    this.checkWritable();
    this.repair();
    try {
      removeFile(this.path);
      syncFolder(path.dirname(this.path));
    } catch (error) {
      throw this.#writeError(error);
    }
    this.#forget();
  }

  /** How many rows that were read equal an earlier one in the columns of a shape. */
  repeatsOf(shape: KeyShape): number {
    if (!this.#indexes.has(shape)) this.#addIndex(shape);
    return this.rowCount - this.#indexes.countOf(shape)!;
  }

  /**
   * What in the file cannot be read, each by its line: at most so many, and one where a row may take
   * several lines.
   */
  unreadable(most: number): FormatError[] {
    return this.#surveying([], (fd, layout, size) => {
      const errors: FormatError[] = [];
      if (this.#format.hasRowPerLine) {
        for (const fault of this.#faults(fd, layout, size)) {
          if (fault.kind === "torn") continue;
          if (errors.push(this.#formatError(fd, fault.error, 0)) === most) break;
        }
        return errors;
      }
      const scanner = this.#format.scanner(layout);
      const pieces = new Pieces(fd, layout.start, size);
      this.#parsing(fd, pieces, () => {
        const visitor = { row: () => void rowOf(scanner) };
        scanToEnd(pieces, this.#format, layout, scanner, visitor, () => true);
      });
      return errors;
    }, (error) => [error]);
  }

  /**
   * Mends a file of lines in which nothing but damaged lines and headers are no rows: it is written anew
   * with the rows, those after another header under the right names. Damaged lines are moved aside.
   *
   * @returns What was wrong, and what was done about it; nothing if something else is no row.
   */
  mend(): { readonly error: FormatError; readonly repaired: string }[] {
    return this.#surveying([], (fd, layout, size) => {
      if (!this.#format.hasRowPerLine) return [];
      const faults = [...this.#faults(fd, layout, size)];
      const wrong = faults.filter(({ kind }) => kind !== "torn");
      if (wrong.length === 0 || wrong.some(({ kind }) => kind === "unreadable")) return [];
      const mended = wrong.map(({ error, kind }) => ({
        error: this.#formatError(fd, error, 0),
        repaired: kind === "damaged"
          ? `moved it to "${this.aside}"`
          : "wrote the rows after it under the names of the first header",
      }));
      const moved = faults.filter(({ kind }) => kind !== "header").map(({ bytes }) => bytes);
      if (moved.length > 0) this.#writing(() => this.#quarantine(Buffer.concat(moved), fd));
      this.#writeFrom(fd, layout, size);
      return mended;
    }, () => []);
  }

  /** The names of a header as they are spelled, where white space around them does not count. */
  get paddedNames(): readonly string[] {
    const layout = this.#opened?.reading?.layout;
    return layout && this.#format.paddedNames?.(layout) || [];
  }

  /** Writes the file anew with each name in its plain spelling. */
  tidy(): void {
    const { fd, reading, end } = this.#opened!;
    this.repair();
    this.#writeFrom(fd, this.#format.tidied!(reading!.layout), end);
    this.#open(true);
  }

  /** Writes the file anew, with the rows in the first bytes of an open one. */
  #writeFrom(fd: number, layout: Layout, size: number): void {
    const walked = (): ReturnType<typeof walkLines> =>
      walkLines(new Pieces(fd, layout.start, size), this.#format, layout);
    const names = new Set<string>();
    for (const found of walked()) if ("names" in found) found.names.forEach((it) => names.add(it));
    const whole = this.#format.extend(layout, [...names]);
    this.#replace(fs.fstatSync(fd), (temporary) => {
      const writer = new RowWriter(temporary, this.#format, whole);
      for (const found of walked()) if ("names" in found) writer.add(found.copy(whole));
      writer.end();
    });
  }

  *#faults(fd: number, layout: Layout, size: number): Generator<Fault> {
    const pieces = new Pieces(fd, layout.start, size);
    for (const found of walkLines(pieces, this.#format, layout)) if ("kind" in found) yield found;
  }

  /** Opens the file for a body; what its beginning says of a file of another kind is given to `failed`. */
  #surveying<T>(
    none: T,
    body: (fd: number, layout: Layout, size: number) => T,
    failed: (error: FormatError) => T,
  ): T {
    const fd = this.#openReader();
    if (fd === undefined) return none;
    try {
      const { size } = fs.fstatSync(fd);
      const layout = this.#readLayout(fd, size);
      return layout ? body(fd, layout, size) : none;
    } catch (error) {
      if (error instanceof FormatError) return failed(error);
      throw this.#readError(fd, error, 0);
    } finally {
      fs.closeSync(fd);
    }
  }

  /** Brings what was written to the disk. */
  sync(): void {
    const writer = this.#opened?.writer;
    if (writer !== undefined) fs.fdatasyncSync(writer); // a file written anew was synced then
  }

  /** Closes the file and forgets what was read. */
  close(): void {
    this.#forget();
    this.#indexes.clear();
  }

  #writeAnew(
    fd: number,
    opened: Opened | undefined,
    layout: Layout,
    gone: Gone | undefined,
    added: readonly Row[],
  ): void {
    const writer = new RowWriter(fd, this.#format, layout);
    if (opened?.reading) {
      const { scanner, layout: old } = opened.reading;
      const pieces = new Pieces(opened.fd, old.start, opened.end);
      const isGone = gone && this.#indexes.matcher(gone, scanner);
      const visit = (): void => {
        if (!isGone?.()) writer.add(scanner.copy(layout));
      };
      this.#parsing(opened.fd, pieces, () => {
        while (pieces.fill()) pieces.consume(scanPiece(pieces, scanner, visit));
        if (scanner.last(pieces.bytes, 0, pieces.length, true)) visit();
      });
    }
    for (const row of added) writer.add(this.#format.encode(row, layout));
    writer.end();
  }

  /** Writes bytes after the last row; if it fails, the file ends as it did. */
  #write(opened: Opened, bytes: Uint8Array, { end, rest, size }: Ending): void {
    try {
      opened.writer ??= this.#openWriter(opened);
      writeAll(opened.writer, bytes, end);
      this.#noteTime(opened);
    } catch (error) {
      throw this.#writeError(error, () => {
        if (opened.writer === undefined) return;
        if (rest.length > 0) writeAll(opened.writer, rest, end);
        fs.ftruncateSync(opened.writer, size);
      });
    }
  }

  /** Notes when the file was written: its own time, as no other clock says which of its times are ours. */
  #noteTime(opened: Opened): void {
    const found = fs.statSync(this.path, { throwIfNoEntry: false }); // quicker than of the descriptor
    opened.changed = found?.ino === opened.inode ? found.mtimeMs : NaN;
  }

  /** Writes what was collected. If that fails once, it does for the rest of the body. */
  #flush(): void {
    if (this.#failure) throw this.#failure;
    const opened = this.#opened;
    if (!opened?.unwritten) return;
    const { unwritten } = opened;
    opened.unwritten = undefined;
    try {
      this.#write(opened, Buffer.from(unwritten.text + this.#format.closing), unwritten);
    } catch (error) {
      this.#failure = error as StoreError;
      this.#forget(); // rows are in the indexes that are not in the file
      throw error;
    }
  }

  /** Appends bytes of a file to the quarantine, which has the mode and group of the file. */
  #quarantine(bytes: Uint8Array, fd: number): void {
    const isNew = !fs.existsSync(this.aside);
    appendTo(this.aside, bytes);
    if (isNew) giveAccess(this.aside, fs.fstatSync(fd));
  }

  #writing(write: () => void): void {
    try {
      write();
    } catch (error) {
      throw this.#writeError(error);
    }
  }

  #openWriter(opened: Opened): number {
    const fd = fs.openSync(this.path, "r+");
    try {
      const found = fs.fstatSync(fd);
      checkOwnFile(this.path, found);
      if (found.ino === opened.inode) return fd;
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
    fs.closeSync(fd);
    throw new StoreError(
      `Cannot write "${this.path}", which is as it was: it was replaced just now by a program that ` +
        `is not stet; try again`,
    );
  }

  /** The file of the store, if it is another and there. */
  #likeStore(): fs.Stats | undefined {
    if (this.#store === this.path) return undefined;
    return fs.statSync(this.#store, { throwIfNoEntry: false });
  }

  /**
   * Returns why the file was not written, once what was written of it is undone.
   *
   * @param undo Default: nothing is to be undone.
   */
  #writeError(error: unknown, undo: () => void = () => {}): unknown {
    let left = "which is as it was";
    try {
      undo();
    } catch {
      left = "whose last row may be cut off";
    }
    if (!isSystemError(error)) return error;
    return systemError(`Cannot write "${this.path}", ${left}`, this.path, error);
  }

  /** How many bytes of a row that was cut off stand at the end. */
  get tornLength(): number {
    const opened = this.#opened;
    if (!opened || opened.isClosed) return 0;
    // If there are none but blanks, only the closing lacks.
    return Buffer.from(opened.rest).toString("latin1").trim() === "" ? 0 : opened.rest.length;
  }

  /** Where torn rows are moved. */
  get aside(): string {
    return `${this.path}.torn`;
  }

  /** The file that takes this one's place when it is written anew. */
  get temporary(): string {
    return path.join(path.dirname(this.path), `.${path.basename(this.path)}.tmp`);
  }

  /** Moves a torn tail aside. */
  repair(): void {
    const opened = this.#opened;
    if (!opened || opened.isClosed) return;
    const { rest } = opened;
    const isTorn = this.tornLength > 0;
    const { aside } = this;
    const closing = Buffer.from(this.#format.closing);
    try {
      if (isTorn) this.#quarantine(rest, opened.fd);
      opened.writer ??= this.#openWriter(opened);
      writeAll(opened.writer, closing, opened.end);
      fs.ftruncateSync(opened.writer, opened.end + closing.length);
    } catch (error) {
      throw this.#writeError(error);
    }
    opened.rest = closing;
    opened.size = opened.end + closing.length;
    this.#noteTime(opened);
    opened.isClosed = true;
    if (!isTorn) return;
    this.#warn(`[stet] Moved a torn row (${rest.length} bytes) from ${this.path} to ${aside}`);
  }

  #open(isLocked: boolean): void {
    this.#forget();
    const fd = this.#openReader();
    if (fd === undefined) return;
    try {
      const found = fs.fstatSync(fd);
      const opened: Opened = {
        generation: crypto.randomUUID(),
        fd,
        device: found.dev,
        inode: found.ino,
        writer: undefined,
        reading: undefined,
        size: 0,
        changed: 0,
        seen: 0,
        end: 0,
        after: "head",
        rows: 0,
        rest: new Uint8Array(0),
        isClosed: true,
        check: new Uint8Array(0),
        unwritten: undefined,
      };
      this.#read(opened, found, isLocked);
      this.#opened = opened;
    } catch (error) {
      this.#indexes.empty();
      fs.closeSync(fd);
      throw error;
    }
  }

  #openReader(): number | undefined {
    try {
      const found = fs.statSync(this.path, { throwIfNoEntry: false });
      if (!found) return undefined;
      checkIsFile(this.path, found); // to open a pipe would wait for a writer
      return fs.openSync(this.path, "r");
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw storeErrorOf(error, `Cannot open store "${this.path}"`, this.path);
    }
  }

  #forget(): void {
    if (!this.#opened) return;
    fs.closeSync(this.#opened.fd);
    if (this.#opened.writer !== undefined) fs.closeSync(this.#opened.writer);
    this.#opened = undefined;
    this.#indexes.empty();
  }

  #isUnchanged(opened: Opened): boolean {
    const { fd, end, check } = opened;
    return Buffer.compare(tailOf(fd, end, check.length), check) === 0;
  }

  /** Reads from the end of what was read to the size that the file has now. */
  #read(opened: Opened, found: fs.Stats, isLocked: boolean): void {
    const { size, mtimeMs } = found;
    if (!opened.reading) {
      const layout = this.#readLayout(opened.fd, size);
      if (layout) {
        opened.reading = { layout, scanner: this.#format.scanner(layout) };
        opened.end = layout.start;
        opened.check = tailOf(opened.fd, opened.end);
      }
    }
    if (size !== opened.size || mtimeMs !== opened.changed) opened.seen = performance.now();
    opened.size = size;
    opened.changed = mtimeMs;
    const pieces = new Pieces(opened.fd, opened.end, size);
    this.#scan(opened, pieces, () => isSettled(opened, isLocked));
  }

  /** Reads rows from `end` on, enters them in the indexes, and sees what is left. */
  #scan(opened: Opened, pieces: Pieces, isSettledNow: () => boolean): void {
    const scanner = opened.reading?.scanner;
    if (!scanner) return;
    const { layout } = opened.reading!;
    let isUnterminated = false;
    this.#parsing(opened.fd, pieces, () => {
      const { rest, isClosed } = scanToEnd(pieces, this.#format, layout, scanner, {
        row: (offset) => {
          opened.rows++;
          opened.after = "row";
          this.#indexes.enter(scanner, offset);
        },
        taken: (bytes) => {
          if (bytes.length > 0 && opened.after === "unterminated") opened.after = "row";
          opened.check = tailAfter(opened.check, bytes);
        },
        unterminated: () => isUnterminated = true,
      }, isSettledNow);
      if (isUnterminated) opened.after = "unterminated";
      opened.rest = rest;
      opened.isClosed = isClosed;
    });
    opened.end = pieces.base;
  }

  #readLayout(fd: number, size: number): Layout | undefined {
    for (let length = 4096;; length *= 4) {
      const bytes = new Uint8Array(Math.min(length, size));
      readAt(fd, bytes, 0, bytes.length, 0);
      try {
        const layout = this.#format.layoutOf(bytes, length >= size);
        if (layout || length >= size) return layout;
      } catch (error) {
        throw this.#readError(fd, error, 0);
      }
    }
  }

  #addIndex(shape: KeyShape): void {
    this.#flush();
    this.#indexes.add(shape, (enter) => {
      const opened = this.#opened;
      if (!opened?.reading) return;
      const { layout, scanner } = opened.reading;
      const pieces = new Pieces(opened.fd, layout.start, opened.end);
      const visit = (offset: number): void => enter(scanner, offset);
      this.#parsing(opened.fd, pieces, () => {
        while (pieces.fill()) pieces.consume(scanPiece(pieces, scanner, visit));
        if (scanner.last(pieces.bytes, 0, pieces.length, true)) visit(pieces.base);
      });
    });
  }

  /** Runs a body that reads pieces; what does not parse is told by file and line. */
  #parsing<T>(fd: number, pieces: Pieces, read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw this.#readError(fd, error, pieces.base);
    }
  }

  #readError(fd: number, error: unknown, base: number): unknown {
    if (error instanceof ByteError) return this.#formatError(fd, error, base);
    return storeErrorOf(error, `Cannot read "${this.path}"`, this.path);
  }

  #formatError(fd: number, error: ByteError, base: number): FormatError {
    const line = lineOf(fd, base + error.offset);
    return new FormatError(
      `Cannot read "${this.path}" as ${this.#format.name}: line ${line}: ${error.message}`,
      {
        cause: error,
      },
    );
  }
}

/**
 * True if no write can be under way: a write takes microseconds, and sets the time as it begins. How long
 * that is ago is told by the file's other times, which come from the same clock (reading sets one), or by
 * how long the file has been seen unchanged.
 */
function isSettled({ fd, seen }: Opened, isLocked: boolean): boolean {
  if (isLocked) return true;
  const { mtimeMs, ctimeMs, atimeMs } = fs.fstatSync(fd);
  return Math.max(ctimeMs, atimeMs) - mtimeMs > SETTLED || performance.now() - seen > SETTLED;
}

function columnsOf(rows: readonly Row[], first: readonly string[]): readonly string[] {
  const names = new Set(first);
  for (const row of rows) for (const name of Object.keys(row)) names.add(name);
  return [...names];
}
