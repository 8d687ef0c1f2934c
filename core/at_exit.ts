import process from "node:process";

const tasks = new Set<() => void>();
let isListening = false;

/**
 * Has a task run when the process ends of itself, by `process.exit` or of an error that nobody
 * catches. It must be synchronous, and can be run more than once. Nothing can be done when the
 * process is killed.
 */
export function atExit(task: () => void): void {
  tasks.add(task);
  if (isListening) return;
  isListening = true;
  process.on("exit", runTasks);
  // Deno emits no "exit" when it ends of an error. Where there are no such events, there is "exit".
  globalThis.addEventListener?.("error", (event) => runUnlessCaught(event, "uncaughtException"));
  globalThis.addEventListener?.(
    "unhandledrejection",
    (event) => runUnlessCaught(event, "unhandledRejection"),
  );
}

function runTasks(): void {
  for (const each of tasks) each();
}

function runUnlessCaught(event: Event, name: "uncaughtException" | "unhandledRejection"): void {
  const catchers = process.listenerCount(name) + process.listenerCount("uncaughtException");
  if (!event.defaultPrevented && catchers === 0) runTasks();
}

/** Takes a task back. */
export function notAtExit(task: () => void): void {
  tasks.delete(task);
}
