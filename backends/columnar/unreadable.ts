import { FormatError, messageOf, StoreError } from "../../core/errors.ts";
import { DamageError } from "../../packages/damage_error.ts";

/**
 * Returns the error of a columnar file that cannot be read, for callers.
 *
 * @param format The format in which it was read: `Parquet`.
 * @param error The error of a reader.
 */
export function unreadable(path: string, format: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const options = { cause: error };
  if (error instanceof UnfitError) {
    return new FormatError(`Cannot read "${path}" as ${format}: ${error.message}`, options);
  }
  const { code } = error as { readonly code?: unknown };
  if (typeof code === "string" && /^E[A-Z0-9]+$/.test(code)) {
    return new StoreError(`Cannot read "${path}": ${messageOf(error)}; it is as it was`, options);
  }
  const reason = error instanceof DamageError
    ? error.message
    : error instanceof RangeError
    ? "a size or place in it leads out of it"
    : messageOf(error).split("\n", 1)[0]!.replace(/\/dev\/fd\/\d+/g, path);
  return new FormatError(
    `Cannot read "${path}" as ${format}: ${reason}; it is damaged or something else, and is left ` +
      `as it was: restore it from a copy, or move it away to begin anew`,
    options,
  );
}

/** A valid file has a column that a store cannot have. The message has the remedy. */
export class UnfitError extends Error {
  override name = "UnfitError";
}
