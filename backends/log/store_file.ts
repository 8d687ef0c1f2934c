import fs from "node:fs";
import type { RowsAfter } from "../../core/contract/backend.ts";
import type { CellBatch } from "../../core/contract/cell_batch.ts";
import type { TextRow } from "../../core/contract/engine.ts";
import type { StoreError } from "../../core/errors.ts";
import type { Key, KeyShape } from "../../core/keys/key.ts";
import { orderColumns, sourceIn } from "../../core/values/columns.ts";
import type { Row } from "../../core/values/value.ts";
import { CellBatchBuilder } from "../columnar/cell_batch_builder.ts";
import { Pieces, readAt, withFile } from "../files/file_bytes.ts";
import { openFile } from "../files/open_file.ts";
import { storeErrorOf } from "../files/system_error.ts";
import type { Format, Layout, RowScanner } from "./format.ts";
import { tidyFile } from "./mend_file.ts";
import { OpenedFile } from "./opened_file.ts";
import { type Gone, RowIndexes } from "./row_indexes.ts";
import { rowOf, scannedRows, scanRows } from "./row_scan.ts";
import { RowWriter, TextFile } from "./text_file.ts";

const LF = 10;
/** Number of bytes in which the end of a line is looked for. */
const LINE_BYTES = 64 * 1024;

/** Picks columns of a row, of all names that its file has so far. */
export type ColumnsOf = (names: readonly string[]) => readonly string[];

/**
 * The rows of a text file as they are on the disk now: read once, and from then on only where the file grew.
 * A change needs the lock of the store, and begins with `refresh`.
 */
export class StoreFile {
  readonly text: TextFile;
  readonly #warn: (message: string) => void;
  readonly #store: string;
  readonly #indexes = new RowIndexes();
  #opened: OpenedFile | undefined;
  /** The key that was missing at the last look, until the next row is read or written. */
  #missing: Key | undefined;
  /** True while a body of `inOneWrite` runs. */
  #isBuffering = false;
  /** The error of one of its writes. */
  #failure: StoreError | undefined;

  /** @param store The store of which the file is a part: a new file gets its mode and group. */
  constructor(path: string, format: Format, warn: (message: string) => void, store: string = path) {
    this.text = new TextFile(path, format);
    this.#warn = warn;
    this.#store = store;
  }

  get path(): string {
    return this.text.path;
  }

  /** Number of rows that were read. */
  get rowCount(): number {
    return this.#opened?.rows ?? 0;
  }

  /** The columns that were read, as they come in the file. */
  get names(): readonly string[] {
    return this.#opened?.scanner?.names ?? [];
  }

  /** The columns that were read, in the order of a store. */
  get columns(): readonly string[] {
    return orderColumns(this.names, []);
  }

  /** The layout that was read, and the end of the last whole row; undefined if there is none. */
  get extent(): { readonly layout: Layout; readonly end: number } | undefined {
    const { layout, end = 0 } = this.#opened ?? {};
    return layout && { layout, end };
  }

  /**
   * Reads what is new: nothing if the file is as it was, what was appended if it only grew, all of
   * it if it was replaced or edited.
   *
   * @param isLocked True if this thread has the store's lock.
   * @throws {FormatError} If it is not what its extension says; names the line.
   */
  refresh(isLocked: boolean): void {
    try {
      this.#flush();
      const found = fs.statSync(this.path, { throwIfNoEntry: false });
      const opened = this.#opened;
      if (!found) this.#forget();
      else if (!opened?.is(found)) this.#open(isLocked);
      else if (opened.isCurrent(found, isLocked)) return;
      else if (opened.isGrown(found)) opened.read(found, isLocked);
      else this.#open(isLocked);
    } catch (error) {
      this.#forget(); // a part of it may have been read
      throw storeErrorOf(error, `Cannot read "${this.path}"`, this.path);
    }
  }

  /**
   * Reads a part of the rows that were not read yet. The next refresh reads the rest.
   *
   * @param most Maximum number of bytes.
   * @returns False if no more than that is left, or the part cannot be read: a refresh says why.
   */
  readPart(most: number): boolean {
    try {
      const found = fs.statSync(this.path, { throwIfNoEntry: false });
      if (!found || this.#opened && !this.#opened.is(found)) return false;
      const start = this.#opened?.end ?? 0;
      if (found.size - start <= most) return false;
      const size = lineEndBefore(this.path, start + most);
      if (size === undefined || size <= start) return false;
      if (this.#opened) this.#opened.read({ size, mtimeMs: found.mtimeMs }, false);
      else this.#open(false, size);
      return this.#opened !== undefined && this.#opened.end > start;
    } catch {
      this.#forget();
      return false;
    }
  }

  /** @param size The size up to which it is read. Default: its own. */
  #open(isLocked: boolean, size?: number): void {
    this.#forget();
    const fd = openFile(this.path);
    if (fd === undefined) return;
    try {
      const found = fs.fstatSync(fd);
      const enter: RowIndexes["enter"] = (row, offset, key) => {
        this.#missing = undefined;
        this.#indexes.enter(row, offset, key);
      };
      const opened = new OpenedFile(this.text, fd, found, enter);
      const end = Math.min(size ?? Infinity, found.size);
      opened.read({ size: end, mtimeMs: found.mtimeMs }, isLocked);
      this.#opened = opened;
    } catch (error) {
      this.#indexes.empty();
      fs.closeSync(fd);
      throw error;
    }
  }

  #forget(): void {
    this.#opened?.close();
    if (this.#opened) this.#indexes.empty();
    this.#opened = undefined;
  }

  /** Returns true if keys of this shape are found without reading the file. */
  isIndexed(shape: KeyShape): boolean {
    return this.#indexes.has(shape);
  }

  /** Has the first reading of the file build the index of a shape, which else takes a second one. */
  expect(shape: KeyShape): void {
    if (!this.#opened && !this.#indexes.has(shape)) this.#indexes.add(shape, () => {});
  }

  /** Returns the offset of the newest row of a key that was read; -1 if there is none. */
  find(key: Key): number {
    if (key === this.#missing) return -1;
    this.#index(key.shape);
    const offset = this.#indexes.find(key);
    if (offset === -1) this.#missing = key;
    return offset;
  }

  /** Returns the source of the newest row of a key, empty if it has none; undefined if there is no such row. */
  sourceOf(key: Key): string | undefined {
    if (key === this.#missing) return undefined;
    this.#index(key.shape);
    const source = this.#indexes.sourceOf(key);
    if (source === undefined) this.#missing = key;
    return source === null ? sourceIn(this.rowAt(this.find(key))) : source;
  }

  /** Returns the number of rows that equal an earlier one in the columns of a shape. */
  repeatsOf(shape: KeyShape): number {
    this.#index(shape);
    return this.rowCount - this.#indexes.countOf(shape);
  }

  /** Makes the index of a shape, unless there is one. */
  #index(shape: KeyShape): void {
    if (this.#indexes.has(shape)) return;
    this.#flush();
    this.#indexes.add(shape, (enter) => {
      const scanner = this.#opened?.scanner;
      this.#scan((offset) => enter(scanner!, offset));
    });
  }

  /** Visits all rows that were read. */
  #scan(visit: (offset: number) => void): void {
    const { fd, layout, scanner, end } = this.#opened ?? {};
    if (fd === undefined || !layout || !scanner) return;
    const pieces = new Pieces(fd, layout.start, end!);
    this.text.parsing(fd, pieces, () => scanRows(pieces, scanner, visit));
  }

  /** Returns the row that begins at an offset, with only some columns. */
  rowAt(offset: number, columnsOf: ColumnsOf = (names) => names): Row {
    if (offset >= this.#opened!.bufferedFrom) this.#flush();
    const { fd, end } = this.#opened!;
    const scanner = this.#opened!.scanner!;
    const pieces = new Pieces(fd, offset, end, 4096);
    return this.text.parsing(fd, pieces, () => {
      let isRead = false;
      while (!isRead && pieces.fill()) isRead = scanner.next(pieces.bytes, 0, pieces.length) !== -1;
      if (!isRead) scanner.last(pieces.bytes, 0, pieces.length, true);
      return rowOf(scanner, columnsOf(scanner.names));
    });
  }

  /** Returns all rows that were read, each with only the columns asked for. */
  *rows(columns?: readonly string[]): Generator<Row> {
    yield* this.#rowsBetween(0, Infinity, (scanner) => rowOf(scanner, columns));
  }

  /** Returns the texts of each row, for formats whose values have no types. */
  *texts(): Generator<TextRow> {
    yield* this.#rowsBetween(0, Infinity, (scanner) => {
      const texts = scanner.texts?.() ?? [];
      return Object.fromEntries(scanner.names.map((name, i) => [name, texts[i] ?? ""]));
    });
  }

  /** Returns all rows that were read as canonical cell text. */
  *cells(columns?: readonly string[]): Generator<CellBatch> {
    const batch = new CellBatchBuilder();
    const add = (scanner: RowScanner): void => {
      for (const name of columns ?? scanner.names) {
        const slot = scanner.slot(name);
        if (slot !== -1) scanner.feed(slot, "", batch.column(name));
      }
      batch.endRow();
    };
    for (const _ of this.#rowsBetween(0, Infinity, add)) if (batch.isFull) yield batch.take();
    if (batch.length > 0) yield batch.take();
  }

  /** Returns the rows that were read after a cursor. */
  rowsAfter(cursor: string | undefined): RowsAfter {
    if (!this.#opened) return { cursor: "none", isWhole: cursor !== "none", rows: [] };
    const { generation, end } = this.#opened;
    const [of, from] = cursor?.split(" ") ?? [];
    const isWhole = of !== generation;
    const rows = this.#rowsBetween(isWhole ? 0 : Number(from), end, (scanner) => rowOf(scanner));
    const count = isWhole ? { count: this.rowCount } : {};
    return { cursor: `${generation} ${end}`, isWhole, ...count, rows };
  }

  /** Returns the rows between two offsets, at which rows begin and end. */
  #rowsBetween<T>(from: number, to: number, read: (scanner: RowScanner) => T): Iterable<T> {
    const { inode, layout, end = 0 } = this.#opened ?? {};
    if (inode === undefined || !layout) return [];
    return scannedRows(this.text, inode, layout, from, Math.min(to, end), read);
  }

  /**
   * Runs a body, at whose end all rows that it appends are in the file by one write. It finds them
   * before: a row whose bytes are needed is written at once.
   *
   * @throws {StoreError} If they cannot be written, as on a full disk: then the file has none of them but those
   * that were written before.
   */
  inOneWrite<T>(body: () => T): T {
    this.#isBuffering = true;
    try {
      const result = body();
      this.#flush();
      return result;
    } finally {
      this.#isBuffering = false;
      this.#failure = undefined;
      if (this.#opened && this.#opened.bufferedFrom < Infinity) this.#forget(); // the body threw
    }
  }

  /** Writes the rows of a batch. If that fails once, it does for the rest of the body. */
  #flush(): void {
    if (this.#failure) throw this.#failure;
    try {
      this.#opened?.flush();
    } catch (error) {
      this.#failure = error as StoreError;
      this.#forget(); // rows are in the indexes that are not in the file
      throw error;
    }
  }

  /**
   * Appends rows in one write. A torn tail is moved to the quarantine before. A file that does not exist, or
   * lacks a column, is written anew.
   *
   * @param columns Columns of the file before those of the rows.
   * @param key Key of the one row.
   * @throws {StoreError} If it cannot be written, as on a full disk; the file is as it was.
   */
  append(
    rows: readonly Row[],
    { columns = [], key }: { readonly columns?: readonly string[]; readonly key?: Key } = {},
  ): void {
    if (this.#failure) throw this.#failure;
    const opened = this.#opened;
    const layout = this.text.format.extend(opened?.layout, columnsOf(rows, columns));
    if (!opened || layout !== opened.layout) return this.rewrite(undefined, rows, columns);
    if (rows.length === 0) return;
    this.repair();
    opened.append(rows, this.#isBuffering, key);
  }

  /** True once rows can be written to the open file. */
  get hasWriter(): boolean {
    return this.#opened?.hasWriter ?? false;
  }

  /**
   * Checks before a run, whose result would be lost, that rows can be written, as far as that is known. Only
   * under the lock.
   *
   * @throws {StoreError} If the file may not be written, or has other paths.
   */
  checkWritable(): void {
    const opened = this.#opened;
    if (opened) this.text.writing(() => opened.openWriter());
  }

  /**
   * Writes the file anew in one step, which a crash cannot halve: the rows but those that are `gone`, as they
   * are spelled, then `added`.
   *
   * @param gone The rows to leave out.
   * @param columns Columns of the file before those of the rows.
   * @throws {StoreError} If it cannot be written; the file is as it was.
   */
  rewrite(gone: Gone | undefined, added: readonly Row[], columns: readonly string[] = []): void {
    this.#flush();
    const opened = this.#opened;
    this.checkWritable();
    this.repair();
    const { format } = this.text;
    const layout = format.extend(opened?.layout, columnsOf(added, columns));
    const like = opened
      ? fs.fstatSync(opened.fd)
      : fs.statSync(this.#store, { throwIfNoEntry: false });
    this.text.replace(like, (fd) => {
      const writer = new RowWriter(fd, format, layout);
      const scanner = opened?.scanner;
      const isGone = gone && scanner && this.#indexes.matcher(gone, scanner);
      this.#scan(() => {
        if (!isGone?.()) writer.add(scanner!.copy(layout));
      });
      for (const row of added) writer.add(format.encode(row, layout));
      writer.end();
    });
    this.#open(true);
  }

  /**
   * Removes the file with all rows. A torn tail is moved to the quarantine before. Only under the lock.
   *
   * @throws {StoreError} If it cannot be removed.
   */
  remove(): void {
    this.#flush();
    if (!this.#opened) return;
    this.checkWritable();
    this.repair();
    this.text.remove();
    this.#forget();
  }

  /** Number of bytes of a row that was cut off at the end. */
  get tornLength(): number {
    return this.#opened?.tornLength ?? 0;
  }

  /** Moves a torn tail to the quarantine. */
  repair(): void {
    const length = this.#opened?.repair() ?? 0;
    if (length === 0) return;
    this.#warn(
      `[stet] Moved a torn row (${length} bytes) from ${this.path} to ${this.text.quarantinePath}`,
    );
  }

  /** Writes the file anew with each name in its plain spelling. */
  tidy(): void {
    this.repair();
    tidyFile(this.text);
    this.#open(true);
  }

  /** Syncs the file (fdatasync). */
  sync(): void {
    this.#opened?.sync();
  }

  /** Closes the file and forgets its rows. */
  close(): void {
    this.#forget();
    this.#indexes.clear();
  }
}

function columnsOf(rows: readonly Row[], first: readonly string[]): readonly string[] {
  const names = new Set(first);
  for (const row of rows) for (const name of Object.keys(row)) names.add(name);
  return [...names];
}

/** Returns the end of the last line that ends before an offset of a file, in the 64 KiB before it. */
function lineEndBefore(file: string, offset: number): number | undefined {
  return withFile(file, "r", (fd) => {
    const bytes = new Uint8Array(Math.min(LINE_BYTES, offset));
    const start = offset - bytes.length;
    const count = readAt(fd, bytes, 0, bytes.length, start);
    const at = bytes.subarray(0, count).lastIndexOf(LF);
    return at === -1 ? undefined : start + at + 1;
  });
}
