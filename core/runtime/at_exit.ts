import process from "node:process";
import { messageOf } from "../errors.ts";

const tasks = new Set<() => void>();
let isListening = false;

/**
 * Runs a task when the process ends of itself, by `process.exit` or of an uncaught error. It must be
 * synchronous, and can run more than once. A task that throws is reported, and changes neither the others
 * nor the exit code. Nothing can be done when the process is killed.
 */
export function atExit(task: () => void): void {
  tasks.add(task);
  if (isListening) return;
  isListening = true;
  process.on("exit", runTasks);
  // Deno emits no "exit" when it ends of an error. Where there are no such events, there is "exit".
  globalThis.addEventListener?.("error", onFailure);
  globalThis.addEventListener?.("unhandledrejection", onFailure);
}

function runTasks(): void {
  for (const each of tasks) {
    try {
      each();
    } catch (error) {
      console.warn(`[stet] Cannot tidy up at the end of the process: ${messageOf(error)}`);
    }
  }
}

/** Runs the tasks, unless the program catches the error. */
function onFailure({ type, defaultPrevented }: Event): void {
  const name = type === "error" ? "uncaughtException" : "unhandledRejection";
  const catchers = process.listenerCount(name) + process.listenerCount("uncaughtException");
  if (!defaultPrevented && catchers === 0) runTasks();
}

/** Takes a task back. */
export function notAtExit(task: () => void): void {
  tasks.delete(task);
  if (tasks.size > 0 || !isListening) return;
  isListening = false; // a module that is loaded anew listens by itself
  process.off("exit", runTasks);
  globalThis.removeEventListener?.("error", onFailure);
  globalThis.removeEventListener?.("unhandledrejection", onFailure);
}
