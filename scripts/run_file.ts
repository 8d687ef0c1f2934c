import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { countTests, type TestCounts } from "./count_tests.ts";
import type { RuntimeName, TestSetup } from "./set_up_tests.ts";

/** Time limit of one file, in minutes. */
const MAX_MINUTES = 10;

/** A test file, and the runtime that runs it. */
export interface TestJob {
  readonly runtime: RuntimeName;
  /** Path from the root of the repository. */
  readonly file: string;
}

/** Result of a test file. */
export interface FileResult extends TestCounts {
  readonly seconds: number;
  /** Everything that the process printed. */
  readonly output: string;
}

const commands: Readonly<Record<RuntimeName, (file: string, report: string) => string[]>> = {
  deno: (file, report) => ["test", "-A", "--no-check", `--junit-path=${report}`, file],
  bun: (file, report) => [
    "test",
    "--timeout=300000", // the default is 5 seconds; Deno and Node have no limit
    "--reporter=junit",
    `--reporter-outfile=${report}`,
    `./${file}`, // without "./" it is a pattern
  ],
  node: (file, report) => [
    "--disable-warning=ExperimentalWarning",
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    "--test-reporter=junit",
    `--test-reporter-destination=${report}`,
    file,
  ],
};

/** Processes that run. */
const running = new Set<ChildProcess>();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    for (const child of running) killGroup(child);
    process.exit(130);
  });
}

/** Kills a child and every process that it started; the child leads a process group of its own. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
  } catch {
    // Nothing of the group is left.
  }
}

let started = 0;

/**
 * Runs one test file in a process of its own. A bad ending, a missing report and a report without a test
 * each count as one failed test.
 *
 * @param env Added to the environment.
 */
export async function runFile(
  { runtime, file }: TestJob,
  setup: TestSetup,
  env: Readonly<Record<string, string>> = {},
): Promise<FileResult> {
  const report = join(setup.folder, `${++started}.xml`);
  const log = join(setup.folder, `${started}.log`);
  const output = openSync(log, "w");
  const start = performance.now();
  const child = spawn(setup.commands[runtime], commands[runtime](file, report), {
    cwd: setup.root,
    env: { ...process.env, ...setup.env, ...env },
    stdio: ["ignore", output, output],
    detached: true,
  });
  closeSync(output);
  running.add(child);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    killGroup(child);
  }, MAX_MINUTES * 60_000);
  const ending = await new Promise<number | string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(code ?? signal ?? "unknown"));
  });
  clearTimeout(timer);
  running.delete(child);
  killGroup(child);

  const counts = countTests(textOf(report));
  const { failed } = counts;
  if (isLate) failed.push(`the file was stopped after ${MAX_MINUTES} minutes`);
  // The report has no file that does not load, and no crash.
  else if (ending !== 0 && failed.length === 0) failed.push(`the file ended with ${ending}`);
  if (counts.passed + failed.length + counts.skipped.length === 0) {
    failed.push("no test ran");
  }
  const result = { ...counts, seconds: (performance.now() - start) / 1000, output: textOf(log) };
  for (const path of [report, log]) rmSync(path, { force: true });
  return result;
}

/** Returns the text of a file, or "" if there is none. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
