import { readFileSync } from "node:fs";
import process from "node:process";

/** How often to look, in milliseconds. */
const INTERVAL = 100;
/** The size of a page of /proc, in bytes, on the machines that Bun runs on. */
const PAGE = 4096;

/**
 * Tells when a process holds more memory than allowed, by looking at it every 100 ms. For Bun, which
 * has no limit of its own. Linux only: elsewhere nothing tells how much another process holds without
 * starting a third. Gives what ends the watch.
 */
export function watchMemory(pid: number, maxMemoryMb: number, exceeded: () => void): () => void {
  if (process.platform !== "linux") return () => {};
  const timer = setInterval(() => {
    try {
      const [, pages] = readFileSync(`/proc/${pid}/statm`, "latin1").split(" ");
      if (Number(pages) * PAGE > maxMemoryMb * 2 ** 20) exceeded();
    } catch {
      clearInterval(timer); // the process is gone
    }
  }, INTERVAL);
  timer.unref();
  return () => clearInterval(timer);
}
