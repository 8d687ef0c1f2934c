import process from "node:process";

const tasks = new Set<() => void>();
let isListening = false;

/** Has a task run when the process ends of itself or by `process.exit`. It must be synchronous. */
export function atExit(task: () => void): void {
  tasks.add(task);
  if (isListening) return;
  isListening = true;
  process.on("exit", () => {
    for (const each of tasks) each();
  });
}

/** Takes a task back. */
export function notAtExit(task: () => void): void {
  tasks.delete(task);
}
