import fs from "node:fs";
import path from "node:path";
import type { MaybePromise, OpenOptions } from "../../core/contract/backend.ts";
import { orderColumns } from "../../core/values/columns.ts";
import { FormatError, type StoreError } from "../../core/errors.ts";
import type { Key, KeyShape } from "../../core/keys/key.ts";
import { andThen } from "../../core/runtime/maybe_promise.ts";
import { ColumnarBase, type OpenedFile } from "./columnar_base.ts";
import { checkNames, type ColumnarFormat } from "./columnar_format.ts";
import { syncFolder } from "../files/file_bytes.ts";
import { warnOfNetwork } from "../files/network_folder.ts";
import { deltaFormat, type DeltaLayout, type DeltaPosition } from "./delta_format.ts";
import type { StoreClaims } from "../state/store_claims.ts";
import { StoreFile } from "../log/store_file.ts";
import { Durability } from "../files/durability.ts";
import { Freshness } from "../files/freshness.ts";
import { removeFile } from "../files/system_error.ts";

/** The files were replaced just now: values read from them do not count. */
export const STALE = Symbol("stale");

/** Takes the place of a missing file in a cursor. */
const NONE = "none";

/** The place of a row; `id` is unique in the store. */
export interface Place {
  readonly in: "base" | "delta";
  /** Its number in the columnar file, or its byte in the delta. */
  readonly at: number;
  readonly id: string;
}

/**
 * The files of a columnar store, the compacted rows in one and the delta in the other, read and
 * locked so that both are of one moment.
 */
export class ColumnarFiles {
  /** The columnar file, with symbolic links resolved. */
  readonly path: string;
  readonly format: ColumnarFormat;
  /** The compacted rows. */
  readonly base: ColumnarBase;
  readonly claims: StoreClaims;
  readonly warn: (message: string) => void;
  /** True if this object has changed the store. */
  hasWritten = false;
  readonly #durability: Durability;
  readonly #freshness = new Freshness();
  #delta: { readonly file: StoreFile; readonly of: OpenedFile | undefined };
  #hasLocked = false;
  /** Columns that are surely there, as long as the files are these. */
  #checked: {
    readonly opened: OpenedFile | undefined;
    readonly generation: string | undefined;
    readonly names: Set<string>;
  } = { opened: undefined, generation: undefined, names: new Set() };

  /** @param path Path of the store, with symbolic links resolved. */
  constructor(
    path: string,
    format: ColumnarFormat,
    { durability, warn = console.warn }: OpenOptions,
    claims: StoreClaims,
  ) {
    this.path = path;
    this.format = format;
    this.warn = warn;
    this.claims = claims;
    this.base = new ColumnarBase(path, format);
    this.#delta = { file: this.#openDelta(undefined), of: undefined };
    const delta = { path: this.deltaPath, sync: () => this.#delta.file.sync() };
    this.#durability = new Durability(delta, durability, (error) => this.end(error));
  }

  /** True if a hit is believed without a look at the files. */
  get areFresh(): boolean {
    return this.#freshness.isFresh;
  }

  /** The file of rows that are not compacted yet. */
  get deltaPath(): string {
    return `${this.path}.pending.jsonl`;
  }

  /** Returns true if the store exists. */
  exists(): boolean {
    return fs.existsSync(this.path) || fs.existsSync(this.deltaPath);
  }

  /** The rows that are not in the columnar file, as that was last looked at. */
  get delta(): StoreFile {
    const { opened } = this.base;
    if (this.#delta.of !== opened) {
      const { file } = this.#delta;
      if (this.#durability.isSynced) file.sync(); // the next knows nothing of what this one wrote
      file.close();
      this.#delta = { file: this.#openDelta(opened?.mark?.compacted), of: opened };
    }
    return this.#delta.file;
  }

  #openDelta(compacted: DeltaPosition | undefined): StoreFile {
    return new StoreFile(this.deltaPath, deltaFormat(compacted), this.warn, this.path);
  }

  /** The end of the delta, as far as it was read. */
  get extent(): DeltaPosition | undefined {
    const extent = this.delta.extent;
    if (!extent) return undefined;
    return { generation: (extent.layout as DeltaLayout).generation, offset: extent.end };
  }

  /** The cursor after the rows that were read. */
  get cursor(): string {
    const { generation = NONE, offset = 0 } = this.extent ?? {};
    return `${this.base.opened?.history ?? NONE} ${generation} ${offset} ${this.rowCount}`;
  }

  /** The number of rows that were read. */
  get rowCount(): number {
    return this.base.rowCount + this.delta.rowCount;
  }

  /**
   * Returns the number of rows at a cursor, if they are still the first ones: those of the delta are there
   * yet, or were compacted as they were.
   */
  countAt(cursor: string | undefined): number | undefined {
    const [history, generation, offset, count] = cursor?.split(" ") ?? [];
    const { opened } = this.base;
    if (cursor === undefined || history !== (opened?.history ?? NONE)) return undefined;
    const compacted = opened?.mark?.compacted;
    const isCompacted = compacted?.generation === generation && compacted!.offset >= Number(offset);
    const isKept = generation === NONE || generation === this.extent?.generation || isCompacted;
    return isKept ? Number(count) : undefined;
  }

  /** The columns of the files as they were read, in the order of the store. */
  get names(): readonly string[] {
    const names = this.base.opened?.file.columns.map(({ name }) => name) ?? [];
    return orderColumns(names, this.delta.columns);
  }

  /** @throws {TypeError} If a file of the format could not have these columns. */
  checkNames(names: readonly string[]): void {
    const { opened } = this.base;
    const generation = this.extent?.generation;
    // Columns go only when a file is written anew.
    if (this.#checked.opened !== opened || this.#checked.generation !== generation) {
      this.#checked = { opened, generation, names: new Set(this.names) };
    }
    const checked = this.#checked.names;
    if (names.every((name) => checked.has(name))) return;
    const known = new Set(this.names);
    const added = names.filter((name) => !known.has(name));
    for (const name of known) checked.add(name);
    checkNames(this.path, this.format, known, added);
  }

  /**
   * Checks that rows can be written, as far as that can be known. Only under the lock.
   *
   * @throws {StoreError} If a file may not be written, or has other paths.
   */
  checkWritable(): void {
    this.delta.checkWritable();
    this.base.checkWritable();
  }

  /** Returns the place of the newest row of a key in the files as they were read. */
  locate(key: Key): Place | undefined {
    const offset = this.delta.find(key);
    if (offset !== -1) {
      return { in: "delta", at: offset, id: `${this.extent!.generation} ${offset}` };
    }
    const number = this.base.find(key);
    if (number === -1) return undefined;
    return { in: "base", at: number, id: `${this.base.opened!.history} ${number}` };
  }

  /** Returns true if the columnar file was looked at, and its keys are indexed by a shape. */
  #isKnown(shape: KeyShape | undefined): boolean {
    return this.base.isKnown && (!shape || this.base.isIndexed(shape));
  }

  #refresh(isLocked: boolean): void {
    this.delta.refresh(isLocked);
    this.#freshness.note();
  }

  /** Reads without the lock. A row that does not parse is read again under it: it may be half written. */
  reading<T>(read: () => T, shape?: KeyShape): MaybePromise<T> {
    this.claims.checkOpen();
    if (this.#isKnown(shape) && this.base.isCurrent()) {
      try {
        this.#refresh(false);
        // Rows go from one file to the other: both must be of the same moment.
        if (this.base.isCurrent()) return read();
      } catch (error) {
        if (!(error instanceof FormatError) || !this.claims.state.exists()) throw error;
        return this.locked(read, shape, "lockToRead");
      }
    }
    return this.base.catchUp(shape).then(() => this.reading(read, shape));
  }

  /** Runs a body under the lock, the files refreshed. */
  locked<T>(
    body: () => T,
    shape?: KeyShape,
    lock: "lock" | "lockToRead" = "lock",
  ): MaybePromise<T> {
    this.claims.checkOpen();
    if (!this.#hasLocked) warnOfNetwork(this.path, this.warn);
    this.#hasLocked = true;
    if (!this.#isKnown(shape)) {
      return this.base.catchUp(shape).then(() => this.locked(body, shape, lock));
    }
    let isStale = false;
    const result = this.claims.state[lock](() => {
      isStale = !this.base.isCurrent();
      if (isStale) return STALE;
      this.#refresh(true);
      if (lock === "lock") this.#cutCompacted();
      return body();
    }, () => this.#catchUp());
    return andThen(
      result,
      (it) =>
        isStale ? this.base.catchUp(shape).then(() => this.locked(body, shape, lock)) : it as T,
    );
  }

  /** True if files can be made next to the store. */
  get isWritable(): boolean {
    try {
      fs.accessSync(path.dirname(this.path), fs.constants.W_OK);
      return true;
    } catch {
      return false;
    }
  }

  /** Reads new rows before the lock is taken, so that no other process waits meanwhile. */
  #catchUp(): void {
    try {
      this.delta.refresh(false);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error; // it is read again under the lock
    }
  }

  /** Runs a body that writes, and acknowledges it once it is as durable as promised. */
  changing<T>(body: () => T, shape?: KeyShape): MaybePromise<T> {
    return this.durably(this.locked(body, shape));
  }

  /** Acknowledges a change once it is as durable as promised. */
  durably<T>(changed: MaybePromise<T>): MaybePromise<T> {
    this.hasWritten = true;
    return this.#durability.acknowledge(changed);
  }

  /** Syncs rows whose records were not awaited. */
  sync(): MaybePromise<void> {
    return this.#durability.acknowledge(undefined);
  }

  /** Closes the files, and ends the claims and the lock. Returns the error of later uses. */
  end(why?: StoreError): StoreError {
    this.#delta.file.close();
    this.base.close();
    return this.claims.end(why);
  }

  /** Removes compacted rows from the delta, where a crash left them. Only under the lock. */
  #cutCompacted(): void {
    const compacted = this.base.opened?.mark?.compacted;
    if (!compacted || this.extent?.generation !== compacted.generation) return;
    if (this.delta.rowCount > 0) this.delta.rewrite(undefined, []);
    else this.removeDelta();
  }

  /** Removes a delta without rows. Only under the lock. */
  removeDelta(): void {
    const { delta } = this;
    delta.repair(); // a torn row is kept in quarantine
    delta.close();
    removeFile(this.deltaPath);
  }

  /** Removes both files; a running compaction begins again. Only under the lock. */
  remove(): void {
    if (!this.exists()) return;
    this.base.checkWritable();
    this.removeDelta();
    removeFile(this.path);
    syncFolder(path.dirname(this.path));
    Freshness.noteRemoval();
  }
}
