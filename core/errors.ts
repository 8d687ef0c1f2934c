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
  /** Name of the class, equal in every realm. */
  override name = "StoreError";
}

/** Another owner held the lock of a store for longer than the time-out. Nothing was written. */
export class LockError extends StoreError {
  /** Name of the class, equal in every realm. */
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
  /** Name of the class, equal in every realm. */
  override name = "FormatError";
}

/**
 * A claim that was held by a lease has ended: its time was over, and another client claimed the key or
 * recorded it. Nothing was written.
 */
export class LostClaimError extends StoreError {
  /** Name of the class, equal in every realm. */
  override name = "LostClaimError";
}

/**
 * A row has a column that this kind of store cannot have next to its others, as SQLite cannot have
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
  /** Name of the class, equal in every realm. */
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
  /** Name of the class, equal in every realm. */
  override name = "ResultError";
  /** The value that the function returned. */
  readonly value: unknown;

  /** Makes an error that holds the value. */
  constructor(message: string, value: unknown, options?: ErrorOptions) {
    super(message, options);
    this.value = value;
  }
}

/**
 * Returns the message of anything that was thrown. An error of another realm (`node:vm`, jest) is one
 * too, though `instanceof Error` denies it.
 */
export function messageOf(thrown: unknown): string {
  const message = textField(thrown, "message");
  if (message !== undefined) return message;
  try {
    return String(thrown);
  } catch {
    return "something that has no text was thrown"; // Object.create(null), a toString that throws
  }
}

/** Returns the stack of anything that was thrown, of any realm; empty if it has none. */
export function stackOf(thrown: unknown): string {
  return textField(thrown, "stack") ?? "";
}

/** True if what was thrown is an error of this or another realm. */
export function isErrorLike(thrown: unknown): thrown is Error {
  return thrown instanceof Error ||
    textField(thrown, "message") !== undefined && textField(thrown, "stack") !== undefined;
}

/** Returns the name of anything that was thrown, of any realm: `"TypeError"`; empty if it has none. */
export function nameOf(thrown: unknown): string {
  return textField(thrown, "name") ?? "";
}

/** Returns a field of an object if it is text; a getter that throws counts as absent. */
function textField(thrown: unknown, field: string): string | undefined {
  if (typeof thrown !== "object" || thrown === null) return undefined;
  try {
    const value = (thrown as Record<string, unknown>)[field];
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
