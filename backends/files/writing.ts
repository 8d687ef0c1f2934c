import { messageOf, StoreError } from "../../core/errors.ts";

/**
 * Writes a file that replaces a store, and returns the result.
 *
 * @param path The store.
 * @throws {StoreError} In place of an error of the system or of DuckDB.
 */
export async function writing<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const line = messageOf(error).split("\n", 1)[0]!;
    const isSystem = /^E[A-Z0-9]+$/.test(String((error as { readonly code?: unknown }).code));
    const isDuckDb = /^[A-Z][A-Za-z ]* Error: /.test(line);
    if (error instanceof StoreError || !isSystem && !isDuckDb) throw error;
    const isFull = /\b(?:ENOSPC|EDQUOT|EFBIG)\b|No space left|File too large/i.test(line);
    const remedy = isFull ? "make room" : "`stet verify` tells whether it is damaged";
    const reason = line.replace(/\/dev\/fd\/\d+/g, path);
    throw new StoreError(`Cannot write "${path}" anew: ${reason}; it is as it was: ${remedy}`, {
      cause: error,
    });
  }
}
