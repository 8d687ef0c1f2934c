import fs from "node:fs";
import { writeCell } from "../../core/values/cell.ts";
import { isDetail, isKeyColumn, SOURCE } from "../../core/values/columns.ts";
import { StoreError } from "../../core/errors.ts";
import { Fingerprint } from "../../core/keys/fingerprint.ts";
import { FingerprintSet } from "../../core/keys/fingerprint_set.ts";
import { CELL_END, type Key, type KeyShape, keyShape, NAME_END } from "../../core/keys/key.ts";
import { currentSignature } from "../../core/runtime/file_signature.ts";
import { type Row, setEntry, toValue, type Value } from "../../core/values/value.ts";
import { checkOwnFile } from "../files/check_own_file.ts";
import { type FileMark, markOf } from "./file_mark.ts";
import type { Batch, ColumnarFile, ColumnarFormat } from "./columnar_format.ts";
import { HeldFile } from "../files/held_file.ts";
import { IndexesByUse, type ShapeIndex } from "../log/indexes_by_use.ts";
import { KeyIndex } from "../log/key_index.ts";
import { SourceNumbers, UNNUMBERED } from "../log/source_numbers.ts";
import { explaining } from "../files/system_error.ts";

/** Tries to open the file, each ended by its replacement. */
const MAX_TRIES = 20;
/** Number of rows that are read to return one, and maximum number of such pages in memory. */
const PAGE = 4096, MAX_PAGES = 8;

/** A file that was opened. */
export interface OpenedFile {
  readonly file: ColumnarFile;
  /** Its descriptor. A reader that awaits must hold it meanwhile. */
  readonly held: HeldFile;
  /** The history of its mark; without a mark, one of its own. */
  readonly history: string;
  readonly mark: FileMark | undefined;
}

interface BaseIndex extends ShapeIndex {
  /** The number of rows in the index. */
  rows: number;
}

/** The columnar file of a store as it was when it was last looked at, and indexes of its keys. */
export class ColumnarBase {
  readonly #path: string;
  readonly #format: ColumnarFormat;
  /** Which file it was: undefined before the first look, empty if there was none. */
  #signature: string | undefined;
  #opened: OpenedFile | undefined;
  /** The file that was found fit to be replaced. */
  #writable: OpenedFile | undefined;
  readonly #indexes = new IndexesByUse<BaseIndex>();
  readonly #sources = new SourceNumbers();
  #pages = new Map<number, readonly Row[]>();
  /** Resolves at the end of the current read; the next waits for it. */
  #reading: Promise<void> = Promise.resolve();

  constructor(path: string, format: ColumnarFormat) {
    this.#path = path;
    this.#format = format;
  }

  /** The file; undefined if there is none. */
  get opened(): OpenedFile | undefined {
    return this.#opened;
  }

  /** The number of its rows. */
  get rowCount(): number {
    return this.#opened?.file.rowCount ?? 0;
  }

  /** Its size in bytes. */
  get size(): number {
    return this.#opened?.held.size ?? 0;
  }

  /** Returns true if the file is the one that was opened. */
  isCurrent(): boolean {
    return this.#signature === currentSignature(this.#path);
  }

  /** Returns true if keys of a shape are found without a read. */
  isIndexed(shape: KeyShape): boolean {
    if (!this.#opened) return this.#signature === "";
    return this.#indexes.get(shape)?.rows === this.rowCount;
  }

  /** @throws {StoreError} If the file may not be written, and so not replaced, or has other paths. */
  checkWritable(): void {
    if (!this.#opened || this.#writable === this.#opened) return;
    explaining(`Cannot write "${this.#path}"`, this.#path, () => {
      const fd = fs.openSync(this.#path, "r+");
      try {
        checkOwnFile(this.#path, fs.fstatSync(fd));
      } finally {
        fs.closeSync(fd);
      }
    });
    this.#writable = this.#opened;
  }

  /** True if it was ever looked at. */
  get isKnown(): boolean {
    return this.#signature !== undefined;
  }

  /**
   * Opens the file if it is another by now, and indexes its keys by a shape.
   *
   * @throws {FormatError} If it is not what its extension says.
   */
  catchUp(shape?: KeyShape): Promise<void> {
    const read = (): Promise<void> => this.#catchUp(shape);
    const done = this.#reading.then(read);
    this.#reading = done.catch(() => {}); // the caller has the error
    return done;
  }

  /** Catches up with all shapes that were asked about before. */
  async catchUpAll(): Promise<void> {
    for (const { shape } of this.#indexes.all) await this.catchUp(shape);
  }

  /** Returns the number of the newest row of a key, or -1. */
  find(key: Key): number {
    return this.#indexes.use(key.shape)?.keys.find(key.fingerprint) ?? -1;
  }

  /**
   * Returns the source of the newest row of a key: undefined if there is no such row, null if only
   * the row says which it is.
   */
  sourceOf(key: Key): string | null | undefined {
    const number = this.#indexes.use(key.shape)?.keys.sourceOf(key.fingerprint) ?? -1;
    if (number === -1) return undefined;
    return number === UNNUMBERED ? null : this.#sources.nameOf(number)!;
  }

  /** Returns a row by its number; undefined if the file was replaced meanwhile. */
  rowAt(number: number): Row | undefined | Promise<Row | undefined> {
    const page = Math.floor(number / PAGE);
    const rows = this.#pages.get(page);
    return rows ? copyOf(rows[number % PAGE]!) : this.#readPage(page, number % PAGE);
  }

  /** Returns the numbers of the rows that have a key, ascending. */
  async numbersOf(keys: readonly Key[]): Promise<number[]> {
    const wanted = new FingerprintSet();
    for (const key of keys) wanted.add(key.fingerprint);
    const numbers: number[] = [];
    await this.#visitKeys(keys[0]!.shape, 0, (key, number) => {
      if (wanted.numberOf(key) !== -1) numbers.push(number);
    });
    return numbers;
  }

  /** Returns the numbers of the rows that equal an earlier one, except in how they ran; ascending. */
  async repeats(): Promise<number[]> {
    const names = this.#opened!.file.columns.map(({ name }) => name);
    const seen = new FingerprintSet();
    const numbers: number[] = [];
    await this.#visitKeys(keyShape(names.filter((name) => !isDetail(name))), 0, (key, number) => {
      const before = seen.size;
      if (seen.add(key) < before) numbers.push(number);
    });
    return numbers;
  }

  /** Reads all values. @throws {FormatError} If one cannot be read. */
  async readAll(): Promise<void> {
    if (!this.#opened) return;
    const { file } = this.#opened;
    for await (const _ of file.batches(file.columns.map(({ name }) => name), 0, file.rowCount));
  }

  /** Forgets the file. */
  close(): void {
    this.#signature = undefined;
    this.#opened?.held.release();
    this.#opened = undefined;
    this.#indexes.clear();
    this.#pages.clear();
  }

  async #catchUp(shape: KeyShape | undefined): Promise<void> {
    for (let attempt = 0; !this.isCurrent(); attempt++) {
      if (attempt === MAX_TRIES) {
        throw new StoreError(
          `Cannot read "${this.#path}": at each look it is another file, replaced by another program or ` +
            `on a file system without lasting inode numbers (FUSE); keep it on a local disk`,
        );
      }
      const held = HeldFile.open(this.#path);
      const opened = held && await this.#open(held);
      const before = this.#opened;
      const isLonger = opened?.history === before?.history && opened !== undefined &&
        opened.file.rowCount >= before!.file.rowCount;
      if (!isLonger) this.#indexes.clear();
      this.#pages.clear();
      before?.held.release();
      this.#opened = opened;
      this.#signature = held?.signature ?? "";
    }
    if (shape && !this.isIndexed(shape)) await this.#index(shape);
  }

  async #open(held: HeldFile): Promise<OpenedFile> {
    try {
      const file = await this.#format.open(held);
      const written = markOf(file.metadata);
      // A file that another program made of it need not begin with the same rows.
      const mark = written && file.isRewritten
        ? { ...written, history: crypto.randomUUID() }
        : written;
      return { file, held, mark, history: mark?.history ?? held.signature.replaceAll(" ", "-") };
    } catch (error) {
      held.release();
      throw error;
    }
  }

  async #index(shape: KeyShape): Promise<void> {
    const index = this.#indexes.get(shape) ?? { shape, keys: new KeyIndex(), rows: 0 };
    const { keys } = index;
    this.#indexes.delete(shape); // until all of it is there
    index.rows = await this.#visitKeys(shape, index.rows, (key, number, source) => {
      keys.add(key, number, source === undefined ? 0 : this.#sources.numberOf(String(source)));
    });
    this.#indexes.set(index);
  }

  /** Visits the fingerprints of keys from a row on, with their sources, and returns the number of rows. */
  async #visitKeys(
    shape: KeyShape,
    start: number,
    visit: (key: Fingerprint, number: number, source: Value | undefined) => void,
  ): Promise<number> {
    const { columns, rowCount } = this.#opened!.file;
    const known = new Set(columns.map(({ name }) => name));
    const names = shape.columns ??
      [...new Set([...[...known].filter(isKeyColumn), ...shape.defaults.keys()])].sort();
    const read = [...new Set([...names, SOURCE])].filter((name) => known.has(name));
    let number = start;
    const fingerprint = new Fingerprint();
    for await (const batch of this.#opened!.file.batches(read, start, rowCount)) {
      const cells = names.map((name) => ({
        prefix: name + NAME_END,
        values: batch.columns[read.indexOf(name)],
        fallback: shape.defaults.get(name),
      }));
      const sources = batch.columns[read.indexOf(SOURCE)];
      for (let i = 0; i < batch.length; i++) {
        fingerprint.begin();
        for (const { prefix, values, fallback } of cells) {
          const value = values?.[i];
          const cell = value === undefined ? fallback : writeCell(value);
          if (cell !== undefined) fingerprint.text(prefix).text(cell).text(CELL_END);
        }
        visit(fingerprint.end(), number++, sources?.[i]);
      }
    }
    return number;
  }

  async #readPage(page: number, at: number): Promise<Row | undefined> {
    const { file } = this.#opened!;
    const start = page * PAGE;
    const rows: Row[] = [];
    const names = file.columns.map(({ name }) => name);
    for await (const batch of file.batches(names, start, Math.min(start + PAGE, file.rowCount))) {
      for (let i = 0; i < batch.length; i++) rows.push(rowOf(names, batch, i));
    }
    if (this.#opened?.file !== file || !this.isCurrent()) return undefined;
    this.#pages.set(page, rows);
    if (this.#pages.size > MAX_PAGES) this.#pages.delete(this.#pages.keys().next().value!);
    return copyOf(rows[at]!);
  }
}

/** Returns a row of a batch. */
export function rowOf(names: readonly string[], batch: Batch, number: number): Row {
  const row: Row = {};
  for (let i = 0; i < names.length; i++) {
    const value = batch.columns[i]?.[number];
    if (value !== undefined) setEntry(row, names[i]!, value);
  }
  return row;
}

/** Returns a copy: changes by the caller must not reach the page. */
function copyOf(row: Row): Row {
  return toValue(row, "row") as { [column: string]: Value };
}
