import type { ChildProcess } from "node:child_process";
import process from "node:process";

/**
 * Sends a signal to the group of a child that was started `detached`: the program and its children. Returns
 * true if a process was there to get it.
 */
export function killGroup(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  try {
    process.kill(-child.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    // Windows has no groups.
    return signal !== 0 && child.exitCode === null && child.signalCode === null &&
      child.kill(signal);
  }
}
