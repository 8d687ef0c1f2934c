import fs from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { catching, type MaybePromise } from "../../core/runtime/maybe_promise.ts";
import { isUnwritable } from "../files/system_error.ts";

/**
 * Reads rows of a state file, none if it does not exist. Takes the lock, and writes, only if it must.
 *
 * @param readLocked Reads them under the lock, under which a file that a killed process left half written is
 * mended.
 */
export function readState<T>(
  path: string,
  query: (db: DatabaseSync) => T[],
  readLocked: () => MaybePromise<T[]>,
): MaybePromise<T[]> {
  /** Reads a file that cannot be mended, since nothing may be written. */
  const readUnmended = (error: unknown): T[] => {
    if (!isUnwritable(error)) throw error;
    try {
      return readIn(`${pathToFileURL(path)}?immutable=1`, query);
    } catch {
      return []; // it never decides what is done
    }
  };
  if (!fs.existsSync(path)) return [];
  try {
    return readIn(path, query);
  } catch {
    return catching(readLocked, readUnmended);
  }
}

function readIn<T>(path: string, query: (db: DatabaseSync) => T[]): T[] {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return query(db);
  } finally {
    db.close();
  }
}
