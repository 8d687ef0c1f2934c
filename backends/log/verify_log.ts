import fs from "node:fs";
import { FormatError } from "../../core/errors.ts";
import { removeFile } from "../files/system_error.ts";
import type { Findings } from "../findings.ts";
import { mendFile, unreadableRows } from "./mend_file.ts";
import type { StoreFile } from "./store_file.ts";

/** Maximum number of findings of rows that cannot be read. */
const MAX_UNREADABLE = 20;

/** Returns true if each row of a file can be read. Without the lock, a row may be half written. */
export function isReadable(file: StoreFile): boolean {
  return unreadableRows(file.text, 1).length === 0;
}

/**
 * Adds the faults of a text file, and of the files that its writers left next to it. Only under the lock, if
 * another process may be there.
 *
 * @param wasReadable True if each row was seen to be readable before.
 * @returns False if the file cannot be read.
 */
export function verifyLog(file: StoreFile, findings: Findings, wasReadable: boolean): boolean {
  const { path, format, temporary, quarantinePath } = file.text;
  if (fs.existsSync(temporary)) {
    const message = `"${temporary}" was left by a process that died`;
    findings.add("leftover", message, "removed it", () => removeFile(temporary));
  }
  if (!wasReadable) {
    if (findings.isRepair) findings.all.push(...mendFile(file.text));
    const errors = unreadableRows(file.text, MAX_UNREADABLE);
    findings.addUnreadable(errors);
    if (errors.length > 0) return false;
  }
  try {
    file.refresh(true);
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
  const { tornLength, extent } = file;
  const paddedNames = extent && format.paddedNames?.(extent.layout) || [];
  if (tornLength > 0) {
    const message = `the last ${tornLength} bytes of "${path}" are a row that was cut off`;
    findings.add("torn", message, `moved them to "${quarantinePath}"`, () => file.repair());
  }
  if (paddedNames.length > 0) {
    const names = paddedNames.map((name) => JSON.stringify(name)).join(", ");
    const message = `white space around names of the header does not count: ${names}`;
    findings.add("header", message, "wrote them without it", () => file.tidy());
  }
  return true;
}
