import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Runtime } from "../runtimes.ts";
import type { Ending } from "./worker_process.ts";

/** The command line's entry point. */
export const cli: string = fileURLToPath(new URL("../../cli.ts", import.meta.url));

/** A command line in a process of its own. */
export interface CliProcess {
  /** What it has printed so far. */
  readonly out: string;
  readonly err: string;
  /** Resolves to its exit code, or the signal that killed it, when all that it prints was read. */
  readonly ended: Promise<Ending>;
  signal(signal: NodeJS.Signals): void;
}

/** Starts a command line in a folder. */
export function startCli(
  { command, args }: Runtime,
  cwd: string,
  ...cliArgs: readonly string[]
): CliProcess {
  const child = spawn(command, [...args, cli, ...cliArgs], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const printed = { out: "", err: "" };
  child.stdout.on("data", (piece) => void (printed.out += piece));
  child.stderr.on("data", (piece) => void (printed.err += piece));
  const ended = new Promise<Ending>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? signal!));
  });
  return {
    get out(): string {
      return printed.out;
    },
    get err(): string {
      return printed.err;
    },
    ended,
    signal: (signal) => void process.kill(child.pid!, signal), // child.kill() of Deno does so once
  };
}
