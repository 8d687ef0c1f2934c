import process from "node:process";
import { endSignals, exitCodeOf } from "../../core/runtime/interrupt.ts";

/**
 * Runs a body during which Ctrl-C and other ending signals end the process by `process.exit`, which removes
 * unfinished files.
 */
export async function exitOnInterrupt<T>(body: () => Promise<T>): Promise<T> {
  const listeners = endSignals().map((signal) =>
    [signal, (): never => process.exit(exitCodeOf(signal))] as const
  );
  for (const [signal, listener] of listeners) process.once(signal, listener);
  try {
    return await body();
  } finally {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  }
}
