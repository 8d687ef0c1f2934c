import fs from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Finding } from "../../core/contract/engine.ts";
import { Findings } from "../findings.ts";
import { isBusy } from "./state_database.ts";
import { removeFile } from "../files/system_error.ts";

/**
 * Returns the files that dead processes left next to a state file. Only under its lock. Those of owners
 * are removed when the state file is left; a damaged state file in quarantine is removed here.
 */
export function leftoversOf(statePath: string, repair: boolean): readonly Finding[] {
  const folder = path.dirname(statePath);
  const base = path.basename(statePath);
  const findings = new Findings(repair);
  for (const name of fs.readdirSync(folder).sort()) {
    const file = path.join(folder, name);
    const isOwner = name.startsWith(`${base}-`) &&
      /^[0-9a-f]{16}$/.test(name.slice(base.length + 1));
    if (name === `${base}.unreadable`) {
      const message = `"${file}" is a state file that was damaged`;
      findings.add("leftover", message, "removed it", () => removeFile(file));
    } else if (isOwner && !isOwned(file)) {
      const message = `"${file}" is of a process that died while it ran something`;
      findings.add("leftover", message, "removed it", () => {});
    }
  }
  return findings.all;
}

/** True if a living process holds the write transaction of an owner's file. */
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
