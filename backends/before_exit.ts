import process from "node:process";

const tasks = new Set<() => Promise<void>>();
let isListening = false;

/**
 * Has a task run when the process has nothing left to do: it may then take its time, which a task of
 * `atExit` cannot. It does not run when the process ends by `process.exit`, an error or a signal.
 */
export function beforeExit(task: () => Promise<void>): void {
  tasks.add(task);
  if (isListening) return;
  isListening = true;
  process.on("beforeExit", () => {
    for (const each of tasks) void each();
    tasks.clear(); // what a task does keeps the process alive, and then it asks again
  });
}

/** Takes a task back. */
export function notBeforeExit(task: () => Promise<void>): void {
  tasks.delete(task);
}
