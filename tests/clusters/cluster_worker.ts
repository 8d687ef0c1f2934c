import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type Runtime, runtimes } from "../runtimes.ts";
import type { Cleaned } from "../temp_folder.ts";
import { until } from "../until.ts";

const cli = fileURLToPath(new URL("../../cli.ts", import.meta.url));

/** The module whose exports workers run. */
export const runsModule: string = fileURLToPath(
  new URL("../workers/cluster_runs.ts", import.meta.url),
);

/** The runtime of this process. */
export const ownRuntime: Runtime = runtimes.find(({ name }) =>
  name === (process.versions["deno"] ? "deno" : process.versions["bun"] ? "bun" : "node")
)!;

/** A process of the command line. */
export interface CliProcess {
  /** All that it has printed. */
  readonly output: string;
  /** Its exit code or signal. Undefined while it runs. */
  readonly ending: string | number | undefined;
  kill(signal: NodeJS.Signals): void;
  /** Resolves to the exit code or signal. */
  ended(): Promise<string | number>;
}

/** Starts `stet` with arguments. It is killed at the end of the test. */
export function startCli(
  test: Cleaned,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  { command, args: runtimeArgs }: Runtime = ownRuntime,
): CliProcess {
  const child = spawn(command, [...runtimeArgs, cli, ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let ending: string | number | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => output += text);
  }
  child.once("close", (code, signal) => ending = code ?? signal ?? "gone");
  test.after(() => {
    if (ending === undefined) child.kill("SIGKILL");
  });
  return {
    get output() {
      return output;
    },
    get ending() {
      return ending;
    },
    kill: (signal) => void child.kill(signal),
    async ended() {
      await until(() => ending !== undefined);
      return ending!;
    },
  };
}

/** An execution, as the function noted it. */
export interface Execution {
  readonly n: number;
  readonly owner: string;
  /** Process id of the worker. */
  readonly pid: number;
}

/** Returns the executions that were noted in a folder. */
export function executionsIn(folder: string): Execution[] {
  const file = join(folder, "executions");
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8").trimEnd().split("\n").filter(Boolean).map((line) => {
    const [n, owner = "", pid] = line.split(" ");
    return { n: Number(n), owner, pid: Number(pid) };
  });
}

/** Options of a worker. */
export interface WorkerOptions {
  readonly url: string;
  /** Folder of the executions. */
  readonly folder: string;
  /** Name of the worker among the executions. Default: that of the runtime. */
  readonly owner?: string;
  /** Name of the export. Default: `square`. */
  readonly name?: string;
  readonly jobs?: number;
  readonly runtime?: Runtime;
}

/** Starts a worker. */
export function startWorker(test: Cleaned, options: WorkerOptions): CliProcess {
  const { url, folder, runtime = ownRuntime, name = "square", jobs = 2 } = options;
  return startCli(
    test,
    ["worker", `${runsModule}#${name}`, "--store", url, "-j", `${jobs}`],
    {
      STET_TEST_EXECUTIONS: join(folder, "executions"),
      STET_TEST_OWNER: options.owner ?? runtime.name,
    },
    runtime,
  );
}
