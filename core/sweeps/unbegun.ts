import process from "node:process";
import { atExit, notAtExit } from "../runtime/at_exit.ts";

/**
 * Reports a sweep that was never begun when the process ends, unless it ends with an error.
 *
 * @param label Name of its function.
 * @param log Receives the message.
 * @returns The function to call when the sweep begins.
 */
export function reportUnbegun(label: string, log: (message: string) => void): () => void {
  const report = (): void => {
    if (process.exitCode !== undefined && process.exitCode !== 0) return;
    log(
      `[stet] Nothing was run: a sweep of ${label}() was neither awaited nor iterated over; write ` +
        `await sweep(…)`,
    );
  };
  atExit(report);
  return () => notAtExit(report);
}
