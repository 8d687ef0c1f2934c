import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Runtime, runtimes } from "../runtimes.ts";
import type { Verdict } from "./read_damaged.ts";

/** How long a reader may take for one file, in milliseconds. */
const MAX_MS = 10_000;
/** How much memory the process of a reader may take, in bytes. */
const MAX_BYTES = 2 ** 30;
/** How many files a process reads before another takes its place. */
const FILES_PER_PROCESS = 500;

const script = fileURLToPath(new URL("read_damaged.ts", import.meta.url));

/** What came of a reader's cases. */
export interface FuzzResult {
  readonly count: number;
  /** How many files were refused. The others gave rows. */
  readonly refused: number;
  /** What went wrong, with the number of the case that shows it. */
  readonly faults: readonly string[];
}

/** What to try. */
export interface FuzzOptions {
  /** The name of the reader. */
  readonly reader: string;
  readonly seed: number;
  /** The number of the first case. */
  readonly first?: number;
  readonly count: number;
  /** Default: the current one. */
  readonly runtime?: Runtime;
}

/**
 * Has a reader read damaged files in processes of its own. A crash, no answer within 10 s and more than
 * 1 GiB of memory are faults, as are rows that the file does not hold, errors that are no `StoreError` or
 * do not name the file, and changes to the file.
 */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const { first = 0, count } = options;
  const faults: string[] = [];
  let refused = 0;
  let next = first;
  while (next < first + count) {
    const end = Math.min(first + count, next + FILES_PER_PROCESS);
    const ending = await readSome(options, next, end, (verdict) => {
      next = verdict.index + 1;
      if (!verdict.isRead) refused++;
      const fault = verdict.fault ??
        (verdict.memory > MAX_BYTES ? `${verdict.memory >> 20} MiB of memory` : undefined);
      if (fault !== undefined) faults.push(`case ${verdict.index}, ${verdict.what}: ${fault}`);
      return verdict.memory <= MAX_BYTES;
    });
    if (ending === undefined) continue;
    faults.push(`case ${next}: ${ending}`);
    next++;
  }
  return { count, refused, faults };
}

/** Resolves when the process is over, to what went wrong with the case under way. */
async function readSome(
  { reader, seed, runtime = currentRuntime() }: FuzzOptions,
  from: number,
  to: number,
  take: (verdict: Verdict) => boolean,
): Promise<string | undefined> {
  const args = [...runtime.args, script, reader, `${seed}`, `${from}`, `${to}`];
  const child = spawn(runtime.command, args, { stdio: ["ignore", "pipe", "inherit"] });
  let ending: string | undefined;
  let isEnough = false;
  function stopLate(): void {
    ending = `no answer within ${MAX_MS / 1000} s`;
    child.kill("SIGKILL");
  }
  let timer = setTimeout(stopLate, 6 * MAX_MS); // the process starts, and writes the samples
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => {
    clearTimeout(timer);
    timer = setTimeout(stopLate, MAX_MS);
    if (take(JSON.parse(line))) return;
    isEnough = true;
    child.kill("SIGKILL");
  });
  const closed = new Promise<void>((resolve) => lines.once("close", () => resolve()));
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (...ended) => resolve(ended));
  });
  await closed;
  clearTimeout(timer);
  if (code === 0 || isEnough) return undefined;
  return ending ?? `the process ended with ${code ?? signal}`;
}

function currentRuntime(): Runtime {
  const name = process.versions.deno ? "deno" : process.versions.bun ? "bun" : "node";
  return runtimes.find((each) => each.name === name)!;
}
