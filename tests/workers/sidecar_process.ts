import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Runtime } from "../runtimes.ts";

/** A sidecar in a process of its own. */
export interface SidecarProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** What it printed, by lines. */
  readonly lines: readonly string[];
  /** Sends a signal, and resolves to how the process ended. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

const server = fileURLToPath(new URL("../../server.ts", import.meta.url));
const living = new Set<ChildProcess>();

// A test that timed out does not come to its own end.
process.on("exit", () => {
  for (const child of living) child.kill("SIGKILL");
});

/** Starts `server.ts` with these arguments; resolves once it listens. */
export async function startSidecar(
  { command, args }: Runtime,
  sidecarArgs: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<SidecarProcess> {
  const child = spawn(command, [...args, server, ...sidecarArgs], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  living.add(child);
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      living.delete(child);
      resolve(code ?? signal!);
    });
  });
  const lines: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on("line", (line) => {
      lines.push(line);
      const found = / at (http:\S+)\/$/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    void ended.then((code) => reject(new Error(`the sidecar ended with ${code}`)), reject);
  });
  return {
    url,
    child,
    lines,
    end(signal) {
      if (living.has(child)) process.kill(child.pid!, signal);
      return ended;
    },
  };
}
