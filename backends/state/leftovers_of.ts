import fs from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Finding } from "../../core/contract/engine.ts";
import { isBusy } from "./state_database.ts";
import { removeFile } from "../files/system_error.ts";

/**
 * The files that dead processes left beside a state file. Only under its lock. Those of owners go when
 * the state file is left; a damaged state file that was moved aside is removed here.
 */
export function leftoversOf(statePath: string, repair: boolean): Finding[] {
  const folder = path.dirname(statePath);
  const base = path.basename(statePath);
  const findings: Finding[] = [];
  const add = (file: string, what: string): void =>
    void findings.push({
      kind: "leftover",
      message: `"${file}" ${what}`,
      repaired: repair ? "removed it" : undefined,
    });
  for (const name of fs.readdirSync(folder).sort()) {
    const file = path.join(folder, name);
    if (name === `${base}.unreadable`) {
      add(file, "is a state file that was damaged");
      if (repair) removeFile(file);
    } else if (name.startsWith(`${base}-`)) {
      const isOwner = /^[0-9a-f]{16}$/.test(name.slice(base.length + 1));
      if (isOwner && !isOwned(file)) add(file, "is of a process that died while it ran something");
    }
  }
  return findings;
}

/** Whether somebody holds the write transaction of an owner's file. */
function isOwned(file: string): boolean {
  const db = new DatabaseSync(file);
  try {
    db.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE; ROLLBACK");
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw error;
  } finally {
    db.close();
  }
}
