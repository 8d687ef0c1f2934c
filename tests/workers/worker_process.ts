import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Runtime } from "../runtimes.ts";
import type { Commands } from "./store_worker.ts";

/** How a process ended: its exit code, or the signal that killed it. */
export type Ending = number | NodeJS.Signals;

/** A process that a test started. */
export interface WorkerProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Resolves when it is over: nothing of it runs any more. */
  readonly ended: Promise<Ending>;
  /** Sends a signal. */
  signal(signal: NodeJS.Signals): void;
}

/** A process that does to stores what the test asks of it. */
export interface StoreWorker extends WorkerProcess {
  /** Has it run a command of store_worker.ts; resolves to its answer. */
  ask<Name extends keyof Commands>(
    name: Name,
    ...args: Parameters<Commands[Name]>
  ): Promise<Awaited<ReturnType<Commands[Name]>>>;
  /** Resolves when it has begun to run a key. */
  began(key: string): Promise<void>;
  /** The keys that it has begun to run. */
  readonly runs: readonly string[];
  /** Lets it end of itself; resolves when it is over. */
  leave(): Promise<Ending>;
}

/** How a script is started. */
export interface StartOptions {
  /** Where its error messages go: `"ignore"` if they are meant to be. Default: ours. */
  readonly stderr?: "inherit" | "ignore";
}

/** What a test works with: a folder for its stores, and processes. All of it goes with the test. */
export interface Workshop {
  readonly folder: string;
  /** Starts a script of tests/workers. */
  start(
    runtime: Runtime,
    script: string,
    args: readonly string[],
    options?: StartOptions,
  ): WorkerProcess;
  /** Starts a process that waits for commands. */
  startStoreWorker(runtime: Runtime): StoreWorker;
}

const living = new Set<ChildProcess>();

// A test that timed out does not come to its own end.
process.on("exit", () => {
  for (const child of living) child.kill("SIGKILL");
});

/** What is in a folder, in order. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder).sort(); // Bun gives them as the disk has them
}

/** Runs the body of a test in a new temporary folder; ends what it started, and removes the folder. */
export async function inWorkshop(body: (workshop: Workshop) => Promise<void>): Promise<void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "stet-processes-")));
  const started: WorkerProcess[] = [];
  const begin = (worker: WorkerProcess): void => void started.push(worker);
  try {
    await body({
      folder,
      start(runtime, script, args, { stderr = "inherit" } = {}): WorkerProcess {
        const worker = startScript(runtime, script, args, ["ignore", "ignore", stderr]);
        begin(worker);
        return worker;
      },
      startStoreWorker(runtime): StoreWorker {
        const worker = startStoreWorker(runtime);
        begin(worker);
        return worker;
      },
    });
  } finally {
    for (const worker of started) worker.signal("SIGKILL");
    await Promise.all(started.map(({ ended }) => ended));
    rmSync(folder, { recursive: true, force: true });
  }
}

function startScript(
  { command, args }: Runtime,
  script: string,
  scriptArgs: readonly string[],
  stdio: ("ignore" | "inherit" | "pipe")[],
): WorkerProcess {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(command, [...args, path, ...scriptArgs], { stdio });
  living.add(child);
  const ended = new Promise<Ending>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      living.delete(child);
      resolve(code ?? signal!);
    });
  });
  return {
    pid: child.pid!,
    child,
    ended,
    signal(signal): void {
      if (living.has(child)) process.kill(child.pid!, signal); // child.kill() of Deno does so once
    },
  };
}

function startStoreWorker(runtime: Runtime): StoreWorker {
  const worker = startScript(runtime, "store_worker.ts", [], ["pipe", "pipe", "inherit"]);
  const { stdin, stdout } = worker.child;
  stdin!.on("error", () => {}); // it was killed: what waits for an answer learns it below
  const waiting = new Map<number, (answer: { value?: unknown; error?: string }) => void>();
  const runs: string[] = [];
  const listeners = new Set<() => void>();
  let asked = 0;
  createInterface({ input: stdout! }).on("line", (line) => {
    const { id, began, ...answer } = JSON.parse(line);
    if (began === undefined) return waiting.get(id)?.(answer);
    runs.push(began);
    for (const listener of listeners) listener();
  });
  const dead = worker.ended.then((ending) => {
    for (const answer of waiting.values()) answer({ error: `the process ended with ${ending}` });
  });
  return {
    ...worker,
    runs,
    ask: (name, ...args) =>
      new Promise((resolve, reject) => {
        const id = asked++;
        waiting.set(id, ({ value, error }) => {
          waiting.delete(id);
          if (error === undefined) resolve(value as Awaited<ReturnType<Commands[typeof name]>>);
          else reject(new Error(`${runtime.name}: ${name}: ${error}`));
        });
        stdin!.write(JSON.stringify({ id, name, args }) + "\n");
      }),
    began: (key) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (runs.includes(key)) resolve();
        };
        listeners.add(check);
        check();
        void dead.then(() => reject(new Error(`${runtime.name} ended before it ran ${key}`)));
      }),
    leave(): Promise<Ending> {
      stdin!.end();
      return worker.ended;
    },
  };
}
