import process from "node:process";
import { messageOf } from "../../core/errors.ts";

const tasks = new Set<() => Promise<void>>();
let isListening = false;

/**
 * Runs a task when the process has nothing left to do. Unlike one of `atExit`, it may be asynchronous. A task
 * that fails is reported. It does not run when the process ends by `process.exit`, an error or a signal.
 */
export function beforeExit(task: () => Promise<void>): void {
  tasks.add(task);
  if (isListening) return;
  isListening = true;
  process.on("beforeExit", runTasks);
}

function runTasks(): void {
  for (const each of tasks) {
    each().catch((error) =>
      console.warn(`[stet] Cannot tidy up at the end of the process: ${messageOf(error)}`)
    );
  }
  stopListening(); // a task keeps the process alive, after which the event is emitted again
}

/** Cancels a task. */
export function notBeforeExit(task: () => Promise<void>): void {
  tasks.delete(task);
  if (tasks.size === 0) stopListening();
}

function stopListening(): void {
  tasks.clear();
  isListening = false; // a module that is loaded anew listens by itself
  process.off("beforeExit", runTasks);
}
