import fs from "node:fs";
import process from "node:process";
import { basename, extname, isAbsolute, relative } from "node:path";
import { isCompiled } from "./is_compiled.ts";
import { shellText } from "./shell_text.ts";
import { shownCommand } from "./shown_command.ts";
import { withoutSecretWords } from "./shown_location.ts";

/** Work that an interrupt ends. */
export interface Interruptible {
  /** Finish what runs: `1`, or abort it: `2`. */
  interrupt(times: 1 | 2): void;
}

/** Signals that ask a process to end, with their numbers. SIGHUP: its terminal was closed. */
const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1, SIGQUIT: 3 } as const;

/** A signal that asks a process to end. */
export type EndSignal = keyof typeof SIGNALS;

/** Returns the signals that ask this process to end, without ignored ones (`nohup`). */
export function endSignals(): EndSignal[] {
  const all = Object.keys(SIGNALS) as EndSignal[];
  if (process.platform === "win32") return ["SIGINT", "SIGTERM"];
  const ignored = ignoredSignals();
  return all.filter((signal) => (ignored >> BigInt(SIGNALS[signal] - 1) & 1n) === 0n);
}

/** Returns the signals that this process ignores, as bits. Linux alone shows them. */
function ignoredSignals(): bigint {
  try {
    const status = fs.readFileSync("/proc/self/status", "latin1");
    return BigInt(`0x${/^SigIgn:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  } catch {
    return 0n; // another system, or Deno without access to it
  }
}

/** The exit code of a process that a signal ended, as a shell has it. */
export function exitCodeOf(signal: EndSignal): number {
  return 128 + SIGNALS[signal];
}

const active = new Set<Interruptible>();
/** The signal that ends the process once nothing is active. */
let received: EndSignal | undefined;
let times = 0;

function onSignal(signal: EndSignal): void {
  if (signal === "SIGHUP" && received) return; // a closed terminal sends more than one
  received ??= signal;
  times++;
  if (times > 2) exit();
  for (const each of active) each.interrupt(times as 1 | 2);
}

let listeners: readonly (readonly [EndSignal, () => void])[] = [];

/**
 * Has SIGINT, SIGTERM, SIGHUP and SIGQUIT interrupt something, instead of ending the process, until it ends.
 */
export function beginInterruptible(each: Interruptible): void {
  if (active.size === 0) {
    listeners = endSignals().map((signal) => [signal, () => onSignal(signal)]);
    for (const [signal, listener] of listeners) process.on(signal, listener);
  }
  active.add(each);
  if (received) each.interrupt(times > 1 ? 2 : 1); // what interrupts others interrupts this one too
}

/** Ends that; after an interrupt, the last to end takes the process with it. */
export function endInterruptible(each: Interruptible): void {
  if (!active.delete(each) || active.size > 0) return;
  if (received) exit();
  for (const [signal, listener] of listeners) process.off(signal, listener);
}

/** Ends the process with the exit code of the signal. */
function exit(): never {
  process.exit(exitCodeOf(received ?? "SIGINT"));
}

/** Returns the command that started this process, without secrets in URLs: the user can start it again. */
export function ownCommand(): string {
  return commandOf(shownCommand);
}

/** Returns the same without any word that may be a secret, for files and pages. */
export function ownNotedCommand(): string {
  return commandOf((words) => shellText(withoutSecretWords(words)));
}

/** Returns the command of this process, as far as it can know: an installed program by its name. */
function commandOf(show: (words: readonly string[]) => string): string {
  const [runtime = "", script = "", ...args] = process.argv;
  if (isCompiled()) return show([basename(process.execPath), ...args]);
  if (script !== "" && extname(script) === "") return show([basename(script), ...args]);
  const name = basename(runtime).replace(/\.exe$/i, "");
  const run = process.versions["deno"] ? [name, "run", "-A"] : [name, ...process.execArgv];
  const [, session] = /^\$deno\$(jupyter)_repl\./.exec(basename(script)) ?? [];
  if (session !== undefined) return show([name, session]); // a notebook
  const path = relative(process.cwd(), script);
  const isInside = path !== "" && !path.startsWith("..") && !isAbsolute(path);
  return show([...run, isInside ? path : script, ...args]);
}
