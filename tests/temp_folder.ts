import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The part of a test's context that cleans up after it. */
export interface Cleaned {
  after(clean: () => void): void;
}

/** A new, empty folder that is removed when the test ends. */
export function tempFolder(test: Cleaned): string {
  const folder = mkdtempSync(join(tmpdir(), "stet-test-"));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The path of a store that is not there yet, in a folder that is removed when the test ends. */
export function tempStore(test: Cleaned, name = "runs.csv"): string {
  return join(tempFolder(test), name);
}
