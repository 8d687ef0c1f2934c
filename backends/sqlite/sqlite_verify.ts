import type { DatabaseSync } from "node:sqlite";
import type { Finding } from "../../core/contract/engine.ts";
import { FormatError } from "../../core/errors.ts";
import type { MaybePromise } from "../../core/contract/backend.ts";
import { leftoversOf } from "../state/leftovers_of.ts";
import type { StateFile } from "../state/state_file.ts";

/**
 * Returns the files that dead processes left next to a store, and the faults of its database.
 *
 * @param given The state file of the store: another object reads it, so that nothing changes without repair.
 */
export async function verifySqlite(
  given: StateFile,
  repair: boolean,
  faults: () => MaybePromise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const state = given.another();
  try {
    const look = (): void => void findings.push(...leftoversOf(state.path, repair));
    if (repair) await state.lock(look);
    else if (state.exists()) await state.lockToRead(look);
    else look();
  } finally {
    if (repair) await state.leave();
    else state.close();
  }
  try {
    findings.push(...await faults());
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    findings.push({ kind: "unreadable", message: error.message, repaired: undefined });
  }
  return findings;
}

/** Returns the faults that SQLite finds in a database. */
export function integrityFaults(db: DatabaseSync, path: string): Finding[] {
  const faults = db.prepare("PRAGMA integrity_check(20)").all()
    .map((row) => String(row["integrity_check"])).filter((text) => text !== "ok");
  return faults.map((fault) => ({
    kind: "unreadable",
    message: `a page of "${path}" is damaged (${fault}); save what can be saved with: ` +
      `sqlite3 ${path} .recover`,
    repaired: undefined,
  }));
}
