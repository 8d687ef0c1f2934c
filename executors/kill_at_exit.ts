import process from "node:process";

const kills = new Set<() => void>();
let isListening = false;

/**
 * Has something killed when this process ends of itself, by `process.exit` or of an error. Gives what
 * takes that back. Nothing can be done when the process itself is killed.
 */
export function killAtExit(kill: () => void): () => void {
  kills.add(kill);
  if (!isListening) {
    isListening = true;
    process.on("exit", killAll);
    // Deno emits no "exit" when it ends of an error.
    globalThis.addEventListener?.("error", (event) => killUnlessCaught(event));
    globalThis.addEventListener?.("unhandledrejection", (event) => killUnlessCaught(event));
  }
  return () => void kills.delete(kill);
}

function killAll(): void {
  for (const kill of kills) kill();
}

function killUnlessCaught(event: Event): void {
  const catchers = process.listenerCount("uncaughtException") +
    process.listenerCount("unhandledRejection");
  if (!event.defaultPrevented && catchers === 0) killAll();
}
