import process from "node:process";
import { basename } from "node:path";
import { shellText } from "./shell_text.ts";

/** What an interrupt ends. */
export interface Interruptible {
  /** Finish what runs: `1`, or abort it: `2`. */
  interrupt(times: 1 | 2): void;
}

const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;

const active = new Set<Interruptible>();
/** The signal that ends the process once nothing is active. */
let received: keyof typeof SIGNALS | undefined;
let times = 0;

function onSignal(signal: keyof typeof SIGNALS): void {
  received ??= signal;
  times++;
  if (times > 2) exit();
  for (const each of active) each.interrupt(times as 1 | 2);
}

const listeners = Object.keys(SIGNALS).map((name) => {
  const signal = name as keyof typeof SIGNALS;
  return [signal, () => onSignal(signal)] as const;
});

/** Has SIGINT and SIGTERM interrupt something, instead of ending the process, until it ends. */
export function beginInterruptible(each: Interruptible): void {
  if (active.size === 0) {
    for (const [signal, listener] of listeners) {
      process.on(signal, listener);
    }
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

/** As a shell tells the end by a signal. */
function exit(): never {
  process.exit(128 + SIGNALS[received ?? "SIGINT"]);
}

/** The command that started this process, as far as it can know. */
export function ownCommand(): string {
  const [runtime = "", ...args] = process.argv;
  const name = basename(runtime).replace(/\.exe$/i, "");
  const run = process.versions["deno"] ? [name, "run", "-A"] : [name, ...process.execArgv];
  return shellText([...run, ...args]);
}
