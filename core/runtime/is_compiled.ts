import process from "node:process";

/** True in a program that `bun build --compile` made: its main module is in the executable. */
export function isCompiled(): boolean {
  return process.versions["bun"] !== undefined && /\$bunfs|~BUN/.test(import.meta.url);
}
