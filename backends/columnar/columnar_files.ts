import fs from "node:fs";
import path from "node:path";
import type { MaybePromise, OpenOptions } from "../../core/contract/backend.ts";
import { orderColumns } from "../../core/values/columns.ts";
import { FormatError, type StoreError } from "../../core/errors.ts";
import type { Key, KeyShape } from "../../core/keys/key.ts";
import { ColumnarBase, type OpenedFile } from "./columnar_base.ts";
import { checkNames, type ColumnarFormat } from "./columnar_format.ts";
import { syncFolder } from "../files/file_bytes.ts";
import { warnOfNetwork } from "../files/network_folder.ts";
import { type Merged, pendingFormat, type PendingLayout } from "./pending_format.ts";
import { realPath } from "../files/real_path.ts";
import { StateFile } from "../state/state_file.ts";
import { StoreFile } from "../log/store_file.ts";
import { Syncer, syncError } from "../files/syncer.ts";
import { removeFile } from "../files/system_error.ts";

/** How long a hit is believed without a look at the files, in milliseconds. */
const FRESH = 100;

/** The files were replaced just now: what was seen of them does not count. */
export const STALE = Symbol("stale");

/** Stands in a mark for a file that is not there. */
const NONE = "none";

/** How often rows were removed in this thread, from any store: an older hit is not believed. */
let removals = 0;

/** Where the newest row of a key is; `id` tells it from all others. */
export interface Place {
  readonly in: "base" | "pending";
  /** Its number in the columnar file, or its byte in the pending one. */
  readonly at: number;
  readonly id: string;
}

/**
 * The files of a columnar store, the merged rows in one and the pending ones in the other, read and
 * locked so that what is seen of both is of one moment.
 */
export class ColumnarFiles {
  /** The columnar file, with symbolic links resolved. */
  readonly path: string;
  readonly format: ColumnarFormat;
  /** The merged rows. */
  readonly base: ColumnarBase;
  readonly state: StateFile;
  readonly isSynced: boolean;
  readonly warn: (message: string) => void;
  /** Whether this object has changed the store. */
  hasWritten = false;
  readonly #syncer: Syncer;
  #pendingFile: { readonly file: StoreFile; readonly of: OpenedFile | undefined };
  #hasLocked = false;
  /** When the files were last looked at. */
  #refreshed = -Infinity;
  /** `removals` as it was then. */
  #removals = 0;
  /** Columns that are surely there, as long as the files are these. */
  #checked: {
    readonly opened: OpenedFile | undefined;
    readonly generation: string | undefined;
    readonly names: Set<string>;
  } = { opened: undefined, generation: undefined, names: new Set() };
  #ended: StoreError | undefined;

  constructor(
    location: string,
    format: ColumnarFormat,
    { durability = "power", warn = console.warn }: OpenOptions,
  ) {
    this.path = realPath(location);
    this.format = format;
    this.warn = warn;
    this.base = new ColumnarBase(this.path, format);
    this.#pendingFile = { file: this.#openPending(undefined), of: undefined };
    this.state = new StateFile(`${this.path}-state`, this.path);
    this.#syncer = new Syncer({
      path: this.pendingPath,
      sync: () => this.#pendingFile.file.sync(),
    });
    this.isSynced = durability === "power";
  }

  /** Why this store can no longer be used, once it cannot. */
  get ended(): StoreError | undefined {
    return this.#ended;
  }

  /** Whether a hit is believed without a look at the files. */
  get areFresh(): boolean {
    return this.#removals === removals && performance.now() - this.#refreshed < FRESH;
  }

  /** Has no older hit be believed. */
  noteRemoval(): void {
    removals++;
  }

  /** Where rows are until they are merged. */
  get pendingPath(): string {
    return `${this.path}.pending.jsonl`;
  }

  /** Whether the store is there. */
  exists(): boolean {
    return fs.existsSync(this.path) || fs.existsSync(this.pendingPath);
  }

  /** The pending rows that are not in the columnar file, as that was last looked at. */
  get pending(): StoreFile {
    const { opened } = this.base;
    if (this.#pendingFile.of !== opened) this.#followPending(opened?.mark?.merged, opened);
    return this.#pendingFile.file;
  }

  #followPending(merged: Merged | undefined, of: OpenedFile | undefined): void {
    const { file } = this.#pendingFile;
    if (this.isSynced) file.sync(); // the next knows nothing of what this one wrote
    file.close();
    this.#pendingFile = { file: this.#openPending(merged), of };
  }

  #openPending(merged: Merged | undefined): StoreFile {
    return new StoreFile(this.pendingPath, pendingFormat(merged), this.warn, this.path);
  }

  /** Which pending file it is, and up to where it was read. */
  get extent(): Merged | undefined {
    const extent = this.pending.extent;
    if (!extent) return undefined;
    return { generation: (extent.layout as PendingLayout).generation, offset: extent.end };
  }

  /** What tells the rows that were read from those of another moment. */
  get cursor(): string {
    const { generation = NONE, offset = 0 } = this.extent ?? {};
    const count = this.base.rowCount + this.pending.rowCount;
    return `${this.base.opened?.history ?? NONE} ${generation} ${offset} ${count}`;
  }

  /**
   * How many rows there were at a cursor, if they are still the first ones: those that were pending are
   * so yet, or were merged as they were.
   */
  countAt(cursor: string | undefined): number | undefined {
    const [history, generation, offset, count] = cursor?.split(" ") ?? [];
    const { opened } = this.base;
    if (cursor === undefined || history !== (opened?.history ?? NONE)) return undefined;
    const merged = opened?.mark?.merged;
    const isMerged = merged?.generation === generation && merged!.offset >= Number(offset);
    const isKept = generation === NONE || generation === this.extent?.generation || isMerged;
    return isKept ? Number(count) : undefined;
  }

  /** The columns of the store, in its order. Of what was read. */
  get names(): readonly string[] {
    const names = this.base.opened?.file.columns.map(({ name }) => name) ?? [];
    return orderColumns(names, this.pending.columns);
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
   * Checks what can be known of whether rows can be written. Only under the lock.
   *
   * @throws {StoreError} If a file may not be written, or has other paths.
   */
  checkWritable(): void {
    this.pending.checkWritable();
    this.base.checkWritable();
  }

  /** Where the newest row of a key is. Of what was read. */
  locate(key: Key): Place | undefined {
    const pending = this.pending.find(key);
    if (pending !== -1) {
      const id = `${this.extent!.generation} ${pending}`;
      return { in: "pending", at: pending, id };
    }
    const number = this.base.find(key);
    if (number === -1) return undefined;
    const id = `${this.base.opened!.history} ${number}`;
    return { in: "base", at: number, id };
  }

  /** Whether the columnar file was looked at, and its keys indexed by a shape. */
  #isKnown(shape: KeyShape | undefined): boolean {
    return this.base.isKnown && (!shape || this.base.isIndexed(shape));
  }

  #refresh(isLocked: boolean): void {
    this.pending.refresh(isLocked);
    this.#refreshed = performance.now();
    this.#removals = removals;
  }

  /** Reads without the lock. What does not parse is read once more under it: it may be half written. */
  reading<T>(read: () => T, shape?: KeyShape): MaybePromise<T> {
    if (this.#ended) throw this.#ended;
    if (this.#isKnown(shape) && this.base.isCurrent()) {
      try {
        this.#refresh(false);
        // Rows go from one file to the other: both must be of the same moment.
        if (this.base.isCurrent()) return read();
      } catch (error) {
        if (!(error instanceof FormatError) || !this.state.exists()) throw error;
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
    if (this.#ended) throw this.#ended;
    if (!this.#hasLocked) this.#begin();
    if (!this.#isKnown(shape)) {
      return this.base.catchUp(shape).then(() => this.locked(body, shape, lock));
    }
    let isStale = false;
    const result = this.state[lock](() => {
      isStale = !this.base.isCurrent();
      if (isStale) return STALE;
      this.#refresh(true);
      if (lock === "lock") this.#cutMerged();
      return body();
    }, () => this.#catchUp());
    const again = (result: T | typeof STALE): MaybePromise<T> =>
      isStale ? this.base.catchUp(shape).then(() => this.locked(body, shape, lock)) : result as T;
    return result instanceof Promise ? result.then(again) : again(result);
  }

  /** Whether files can be made beside the store. */
  get isWritable(): boolean {
    try {
      fs.accessSync(path.dirname(this.path), fs.constants.W_OK);
      return true;
    } catch {
      return false;
    }
  }

  #begin(): void {
    this.#hasLocked = true;
    warnOfNetwork(this.path, this.warn);
  }

  /** Reads what is new before the lock is taken, so that nobody waits meanwhile. */
  #catchUp(): void {
    try {
      this.pending.refresh(false);
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
    if (!this.isSynced) return changed;
    return changed instanceof Promise
      ? changed.then((result) => this.synced(result))
      : this.synced(changed);
  }

  /** Gives a result once all that was written is on the disk. */
  async synced<T>(result: T): Promise<T> {
    try {
      await this.#syncer.sync();
    } catch (cause) {
      this.end(syncError(this.path, cause));
      throw this.#ended;
    }
    return result;
  }

  /** Frees the files, the claims and the lock; uses from now on are this error. */
  end(why: StoreError): void {
    this.#ended ??= why;
    this.state.close();
    this.#pendingFile.file.close();
    this.base.close();
  }

  /** Takes merged rows out of the pending file, where a crash left them. Only under the lock. */
  #cutMerged(): void {
    const merged = this.base.opened?.mark?.merged;
    if (!merged || this.extent?.generation !== merged.generation) return;
    if (this.pending.rowCount > 0) this.pending.rewrite(undefined, []);
    else this.removePending();
  }

  /** Removes a pending file without rows. Only under the lock. */
  removePending(): void {
    const pending = this.pending;
    pending.repair(); // a torn row is kept aside
    pending.close();
    removeFile(this.pendingPath);
  }

  /** Removes both files; a merge that is under way begins anew. Only under the lock. */
  remove(): void {
    if (!this.exists()) return;
    this.base.checkWritable();
    this.removePending();
    removeFile(this.path);
    syncFolder(path.dirname(this.path));
    this.noteRemoval();
  }

  /** Brings to the disk what was recorded, also by those who did not wait for it. */
  async sync(): Promise<void> {
    if (this.isSynced) await this.#syncer.sync();
  }
}
