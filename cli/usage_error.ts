import type { MaybePromise } from "../core/runtime/maybe_promise.ts";
import { messageOf, StoreError } from "../core/errors.ts";

/** The command line is wrong: the message says how. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Runs a body; its errors about arguments (a column that is not there) are of the command line. */
export async function asUsage<T>(body: () => MaybePromise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw error instanceof SyntaxError || error instanceof TypeError ? asUsageError(error) : error;
  }
}

/** Returns the usage error for one of our own errors other than a {@linkcode StoreError}; others as they are. */
export function asUsageError(error: unknown): unknown {
  const message = messageOf(error);
  const isOurs = !(error instanceof StoreError) && message.startsWith("Cannot ");
  return isOurs ? new UsageError(message, { cause: error }) : error;
}
