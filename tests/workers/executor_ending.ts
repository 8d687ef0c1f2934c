/**
 * Ends in a way while executors hold processes: `executor_ending.ts how file`. Their ids go to the
 * file.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import process from "node:process";
import type { Job } from "../../core/runs/executor.ts";
import { commands, workers } from "../../executors/mod.ts";

const [how, file] = process.argv.slice(2) as [string, string];

const signal = new AbortController().signal;
const jobOf = (params: Record<string, string>): Job => ({
  id: "0123456789abcdef",
  params,
  args: [params],
  call: () => {},
  signal,
});

const idle = workers(new URL("./jobs.ts", import.meta.url), "pid");
await idle.open?.();
appendFileSync(file, `${await idle.run(jobOf({}))}\n`);
if (how !== "idle") {
  const program = commands([
    "/bin/sh",
    "-c",
    'echo $$ >> "$0"; sleep 600 & echo $! >> "$0"; wait',
    "{file}",
  ]);
  const busy = workers(new URL("./jobs.ts", import.meta.url), "spin");
  program.run(jobOf({ file })).catch(() => {});
  busy.run(jobOf({ file: `${file}.spinning` })).catch(() => {});
  while (
    readFileSync(file, "utf8").split("\n").length < 4 || !existsSync(`${file}.spinning`)
  ) await new Promise((resolve) => setTimeout(resolve, 5));
  appendFileSync(file, `${readFileSync(`${file}.spinning`, "utf8").trim()}\n`);
  if (how === "exit") process.exit(5);
  if (how === "kill") process.kill(process.pid, "SIGKILL");
  throw new Error("this is meant to end it");
}
