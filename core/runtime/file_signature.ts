import fs from "node:fs";

/** Returns a text that differs for two files, and for one file before and after a change. */
export function signatureOf({ dev, ino, size, mtimeMs, ctimeMs }: fs.Stats): string {
  return `${dev} ${ino} ${size} ${mtimeMs} ${ctimeMs}`;
}

/** Returns the signature of the file that a path names now; empty if there is none. */
export function currentSignature(path: string): string {
  const found = fs.statSync(path, { throwIfNoEntry: false });
  return found ? signatureOf(found) : "";
}
