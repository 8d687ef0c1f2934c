import { readFileSync } from "node:fs";
import process from "node:process";

/** Interval of checks. */
const CHECK_INTERVAL_MS = 100;
/** Page size of /proc on the machines that Bun runs on. */
const PAGE_BYTES = 4096;

/**
 * Calls `exceeded` when a process has more memory than allowed, for Bun, which has no limit of its own.
 * Linux only: elsewhere the memory of another process is known only to a third. Returns a function that
 * ends the watch.
 */
export function watchMemory(pid: number, maxMemoryMb: number, exceeded: () => void): () => void {
  if (process.platform !== "linux") return () => {};
  const timer = setInterval(() => {
    try {
      const [, pages] = readFileSync(`/proc/${pid}/statm`, "latin1").split(" ");
      if (Number(pages) * PAGE_BYTES > maxMemoryMb * 2 ** 20) exceeded();
    } catch {
      clearInterval(timer); // the process is gone
    }
  }, CHECK_INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
