import fs from "node:fs";

/** True if two paths lead to one file that is there. */
export function isSameFile(a: string, b: string): boolean {
  const [first, second] = [a, b].map((path) => fs.statSync(path, { throwIfNoEntry: false }));
  return first !== undefined && second !== undefined && first.dev === second.dev &&
    first.ino === second.ino;
}
