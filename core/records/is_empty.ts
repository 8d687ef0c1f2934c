import fs from "node:fs";

/** Whether there is nothing in a file or folder, or no such file. */
export function isEmpty(file: string): boolean {
  const found = fs.statSync(file, { throwIfNoEntry: false });
  return found?.isDirectory() ? fs.readdirSync(file).length === 0 : !found?.size;
}
