import fs from "node:fs";
import process from "node:process";

/** The most memory that this process has held, in MB. */
export function peakMemory(): number {
  // Not maxRSS where it can be had otherwise: on Linux that counts what the parent held when it
  // forked (https://man7.org/linux/man-pages/man2/getrusage.2.html: ru_maxrss survives exec).
  if (process.platform === "linux") {
    const [, kilobytes] = /VmHWM:\s*(\d+)/.exec(fs.readFileSync("/proc/self/status", "utf8"))!;
    return Number(kilobytes) / 1000;
  }
  return process.resourceUsage().maxRSS / 1000;
}
