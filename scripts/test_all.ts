/**
 * Runs the test suite on Deno, Bun and Node, one after another, two files at a time. Ends with one line,
 * `N passed, N failed, N skipped`, summed over the three; above it stands what failed. Exits with 1
 * if a test failed, if a runtime ended badly or took more than 30 minutes (each counts as one
 * failed), or if one ran no test.
 *
 * Bun and Node are installed into `.runtimes/`; `STET_BUN`, `STET_NODE` and `STET_DENO` name others.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { globSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { countTests, type TestCounts } from "./count_tests.ts";
import { installOptional } from "./install_optional.ts";
import { installRuntimes } from "./install_runtimes.ts";

const minutes = 30;
const root = fileURLToPath(new URL("..", import.meta.url));
const deno = process.env.STET_DENO || process.execPath;

interface Suite {
  readonly name: string;
  readonly command: string;
  readonly args: (report: string) => readonly string[];
}

const allFiles = globSync("tests/**/*_test.ts", { cwd: root }).sort();
/**
 * Without those that only start processes, of all three runtimes: once is enough, and Node has them.
 * What a test calls in its own process stands in `tests/`.
 */
const files = allFiles.filter((file) => !file.startsWith(join("tests", "processes")));

/** The suites under way. */
const running = new Set<ChildProcess>();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    for (const child of running) killGroup(child);
    process.exit(130);
  });
}

/** Ends a child and everything it started; it leads a process group of its own. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
  } catch {
    // Nothing of the group is left.
  }
}

/** The counts of one suite. */
async function runSuite(
  suite: Suite,
  env: NodeJS.ProcessEnv,
  folder: string,
  output: "inherit" | number,
): Promise<TestCounts> {
  const report = join(folder, `${suite.name}.xml`);
  const child = spawn(suite.command, suite.args(report), {
    cwd: root,
    env,
    stdio: ["ignore", output, output],
    detached: true,
  });
  running.add(child);
  const timer = setTimeout(() => {
    console.error(`\n${suite.name}: stopped, it took more than ${minutes} minutes`);
    killGroup(child);
  }, minutes * 60_000);
  const ended = await new Promise<number | string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(code ?? signal ?? "unknown"));
  });
  clearTimeout(timer);
  running.delete(child);
  killGroup(child);

  const counts = countTests(readReport(report));
  // A file that does not load, or a crash, is in no report.
  if (ended !== 0 && counts.failed.length === 0) {
    counts.failed.push(`the suite ended with ${ended}; what it printed tells more`);
  }
  if (counts.passed + counts.failed.length === 0) counts.failed.push("no test ran");
  return counts;
}

/** The text of a report; empty if the runtime did not come to write it. */
function readReport(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const { bun, node } = installRuntimes(deno);
// Bun and Node read their packages from node_modules.
const installed = spawnSync(deno, ["install"], { cwd: root, stdio: "inherit" });
if (installed.status !== 0) throw new Error("Cannot install the packages of package.json");
installOptional(deno);

/** Deno's tests are run by two processes: it could run files side by side only in threads of one. */
function denoSuite(half: 0 | 1): Suite {
  return {
    name: `deno (${half + 1} of 2)`,
    command: deno,
    args: (report) => [
      "test",
      "-A",
      "--no-check",
      `--junit-path=${report}`,
      ...files.filter((_, i) => i % 2 === half),
    ],
  };
}

/**
 * What is run one after another; two of one group at the same time. What the second prints is shown
 * afterwards.
 */
const groups: readonly (readonly [Suite, Suite?])[] = [
  [denoSuite(0), denoSuite(1)],
  [{
    name: "bun",
    command: bun,
    args: (report) => [
      "test",
      "--parallel=2",
      "--timeout=300000", // else a test ends after 5 seconds; the other two have no limit
      "--reporter=junit",
      `--reporter-outfile=${report}`,
      ...files,
    ],
  }],
  [{
    name: "node",
    command: node,
    args: (report) => [
      "--disable-warning=ExperimentalWarning",
      "--test",
      "--test-concurrency=2",
      "--test-reporter=spec",
      "--test-reporter-destination=stdout",
      "--test-reporter=junit",
      `--test-reporter-destination=${report}`,
      ...allFiles,
    ],
  }],
];
const env = {
  ...process.env,
  ...(process.stdout.isTTY ? {} : { NO_COLOR: "1" }),
  STET_DENO: deno,
  STET_BUN: bun,
  STET_NODE: node,
};
const folder = mkdtempSync(join(tmpdir(), "stet-test-all-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const lines: string[] = [];
const failures: string[] = [];
const sum = { passed: 0, failed: 0, skipped: 0 };
async function run(suite: Suite, output: "inherit" | number): Promise<void> {
  const start = performance.now();
  const { passed, failed, skipped } = await runSuite(suite, env, folder, output);
  const seconds = Math.round((performance.now() - start) / 1000);
  lines.push(
    `${suite.name}: passed ${passed}, failed ${failed.length}, skipped ${skipped.length}, ${seconds} s`,
    ...skipped.map((name) => `  skipped: ${name}`),
  );
  failures.push(...failed.map((name) => `FAILED on ${suite.name}: ${name}`));
  sum.passed += passed;
  sum.failed += failed.length;
  sum.skipped += skipped.length;
}

const printTitle = ({ name, command }: Suite): void => console.log(`\n=== ${name}: ${command}`);
for (const [first, second] of groups) {
  const log = join(folder, "log");
  printTitle(first);
  await Promise.all([run(first, "inherit"), second && run(second, openSync(log, "w"))]);
  if (!second) continue;
  printTitle(second);
  console.log(readFileSync(log, "utf8"));
}
// What failed stands last: the end of a long output is what is kept and read.
console.log(["\n=== all", ...lines, ...failures].join("\n"));
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exit(sum.failed > 0 ? 1 : 0);
