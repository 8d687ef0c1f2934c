import { FormatError, messageOf, StoreError } from "../../core/errors.ts";
import { catching, type MaybePromise } from "../../core/runtime/maybe_promise.ts";
import { backOff } from "../back_off.ts";
import { systemError } from "../files/system_error.ts";
import { isBusy } from "../state/state_database.ts";
import { damaged } from "./sqlite_damage.ts";

/** Runs a body, again while the database is locked. Errors of SQLite are thrown, or reject, in our words. */
export function trying<T>(path: string, body: () => MaybePromise<T>): MaybePromise<T> {
  return catching(body, (error) => retrying(path, body, error));
}

function retrying<T>(path: string, body: () => MaybePromise<T>, first: unknown): Promise<T> {
  if (!isBusy(first)) throw sqliteError(path, first);
  return backOff(async () => {
    try {
      return { result: await body() };
    } catch (error) {
      if (isBusy(error)) return undefined;
      throw sqliteError(path, error);
    }
  }, () => `Cannot lock "${path}"`);
}

/** Runs a body once; an error of SQLite is thrown in our words, unless the database is locked. */
export function translating<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw isBusy(error) ? error : sqliteError(path, error);
  }
}

/** Returns an error of SQLite in our words; others as they are. */
export function sqliteError(path: string, cause: unknown): unknown {
  const message = messageOf(cause);
  if (cause instanceof StoreError || cause instanceof TypeError) return cause;
  if (/not a database/.test(message)) {
    return new FormatError(
      `Cannot read "${path}" as SQLite: byte 0: expected "SQLite format 3", but this is ` +
        `another kind of file; rename it or choose another store`,
      { cause },
    );
  }
  if (/malformed|unsupported file/.test(message)) return damaged(path, message, cause);
  return systemError(`Cannot use store "${path}"`, path, cause);
}
