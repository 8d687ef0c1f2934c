/**
 * A store cannot do what was asked: it cannot be opened, read, locked or written. The message says
 * which store, what was found, and what to do; `cause` holds the error underneath, if there is one.
 *
 * @example
 * ```ts
 * import { openBackend, StoreError } from "@stet/stet";
 * import assert from "node:assert/strict";
 *
 * await assert.rejects(async () => await openBackend("runs.xlsx"), StoreError);
 * ```
 */
export class StoreError extends Error {
  override name = "StoreError";
}

/**
 * The lock of a store stayed with somebody else for longer than the time-out. Nothing was written.
 *
 * @example
 * ```ts
 * import { LockError, StoreError } from "@stet/stet";
 * import assert from "node:assert/strict";
 *
 * assert(new LockError("held by process 1234") instanceof StoreError);
 * ```
 */
export class LockError extends StoreError {
  override name = "LockError";
}

/**
 * A file is not what its extension says, or a line of it cannot be read. Names the file and the
 * line or byte. The file is left as it was.
 *
 * @example
 * ```ts
 * import { FormatError, openBackend } from "@stet/stet";
 * import assert from "node:assert/strict";
 * import fs from "node:fs";
 *
 * fs.writeFileSync("ragged.csv", "alpha,seed\n0.1\n");
 * const backend = await openBackend("ragged.csv");
 * await assert.rejects(async () => await backend.load(), FormatError);
 * fs.unlinkSync("ragged.csv");
 * ```
 */
export class FormatError extends StoreError {
  override name = "FormatError";
}

/**
 * A claim that was held by a lease has ended: its time was over, and somebody else claimed the key or
 * recorded it. Nothing was written.
 *
 * @example
 * ```ts
 * import { LostClaimError, StoreError } from "@stet/stet";
 * import assert from "node:assert/strict";
 *
 * assert(new LostClaimError("recorded by somebody else") instanceof StoreError);
 * ```
 */
export class LostClaimError extends StoreError {
  override name = "LostClaimError";
}

/**
 * A row has a column that this kind of store cannot have beside its others, as SQLite cannot have
 * `loss` and `Loss`. Nothing was written.
 *
 * @example
 * ```ts
 * import { ColumnError, openBackend } from "@stet/stet";
 * import assert from "node:assert/strict";
 * import fs from "node:fs";
 *
 * const backend = await openBackend("columns.sqlite");
 * await backend.record({ loss: 1 });
 * await assert.rejects(async () => await backend.record({ Loss: 1 }), ColumnError);
 * await backend.close();
 * fs.unlinkSync("columns.sqlite");
 * ```
 */
export class ColumnError extends StoreError {
  override name = "ColumnError";
}

/**
 * A run is done and recorded, but what it returned cannot be kept in a store. `value` is what the
 * function returned, so that it is not lost.
 *
 * @example
 * ```ts
 * import { MemoryBackend } from "@stet/stet/backends";
 * import { once, ResultError } from "@stet/stet";
 * import assert from "node:assert/strict";
 *
 * const make = once((n: number) => new Map([[n, n]]), { store: new MemoryBackend(), save: true });
 * await assert.rejects(make(1), ResultError);
 * ```
 */
export class ResultError extends Error {
  override name = "ResultError";
  /** What the function returned. */
  readonly value: unknown;

  constructor(message: string, value: unknown, options?: ErrorOptions) {
    super(message, options);
    this.value = value;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
