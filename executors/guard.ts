import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import process from "node:process";
import { isGranted } from "../core/runtime/missing_permission.ts";

/**
 * The guard: a POSIX shell script that reads `+ pid` and `- pid`, one a line, and kills the process groups
 * that are still there when its input ends. That is when this process ends, however it does: the system
 * closes the pipe. No signal of a terminal ends the guard.
 */
const GUARD = `trap '' HUP INT QUIT TERM
groups=
while read -r sign pid; do
  if [ "$sign" = + ]; then groups="$groups $pid"; continue; fi
  rest=
  for each in $groups; do [ "$each" = "$pid" ] || rest="$rest $each"; done
  groups=$rest
done
for each in $groups; do kill -KILL "-$each"; done`;

/** Starts a program once a line comes, and never without one. */
const GATE = 'read -r stet_go || exit 1; exec "$@" </dev/null';

const SHELL = "/bin/sh";

/** The process groups that end with this process. */
const guarded = new Set<number>();
let guard: ChildProcess | undefined;

/**
 * True if process groups can be guarded: there is a POSIX shell, and Deno lets it be started without asking.
 */
export function canGuard(): boolean {
  if (process.platform === "win32") return false;
  if (!isGranted({ name: "run", command: SHELL }) || !isGranted({ name: "env" })) return false;
  try {
    accessSync(SHELL, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Ends a process group with this process, also when this is killed by SIGKILL. Resolves once the guard has
 * it. Processes that leave the group (`setsid`, a daemon) are not ended.
 */
export async function guardGroup(pid: number): Promise<void> {
  if (!canGuard()) return;
  guarded.add(pid);
  if (guard) return await send(guard, `+ ${pid}\n`);
  guard = startGuard();
  await send(guard, [...guarded].map((each) => `+ ${each}\n`).join(""));
}

/** Forgets a process group that has ended. */
export function unguardGroup(pid: number): void {
  if (guarded.delete(pid) && guard) void send(guard, `- ${pid}\n`);
}

/** Returns the command line of a program behind a gate: a line on its standard input starts it. */
export function gated(
  [command = "", ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
): readonly [command: string, ...args: string[]] {
  // Some shells drop variables that they cannot name, such as exported functions of bash.
  const foreign = Object.entries(env)
    .filter(([name, value]) => value !== undefined && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    .map(([name, value]) => `${name}=${value}`);
  const again = foreign.length > 0 ? ["/usr/bin/env", ...foreign] : [];
  return [SHELL, "-c", GATE, SHELL, ...again, command, ...args];
}

function startGuard(): ChildProcess {
  const child = spawn(SHELL, ["-c", GUARD], {
    detached: true,
    cwd: "/",
    env: {},
    stdio: ["pipe", "ignore", "ignore"],
  });
  const over = (): void => {
    if (guard === child) guard = undefined;
  };
  child.once("error", over);
  child.once("exit", over);
  child.stdin!.on("error", over);
  // It ends by itself when this process does.
  child.unref();
  (child.stdin as { unref?(): void }).unref?.();
  return child;
}

/** Resolves when the guard has the text, or is gone. */
function send({ stdin }: ChildProcess, text: string): Promise<void> {
  return new Promise((resolve) => stdin!.write(text, () => resolve()));
}

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
