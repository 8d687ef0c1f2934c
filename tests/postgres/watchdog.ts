import { type ChildProcess, spawn } from "node:child_process";

/**
 * Runs shell commands at the end of this process, also when it is killed: a shell of its own process group
 * waits for the end of a pipe that only this process holds.
 */
export interface Watchdog {
  /** Runs the commands now, and resolves when they have ended. */
  end(): Promise<void>;
}

/**
 * Starts a watchdog.
 *
 * @param commands Text for `sh`. `$1`, `$2` … are the arguments.
 */
export function startWatchdog(commands: string, args: readonly string[]): Watchdog {
  const child: ChildProcess = spawn("sh", ["-c", `cat > /dev/null; ${commands}`, "sh", ...args], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    cwd: "/",
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.unref();
  (child.stdin as unknown as { unref?(): void }).unref?.();
  return {
    end(): Promise<void> {
      child.ref();
      child.stdin!.end();
      return ended;
    },
  };
}
