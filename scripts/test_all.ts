/**
 * Runs the test suite on Node, Deno and Bun: each file in a process of its own, two at a time. Ends with
 * the line `N passed, N failed, N skipped`, summed over the three; the failures are above it. Exits with
 * 1 if a test failed, if a file ended badly, ran no test or took more than 10 minutes (each counts as one
 * failed test), or if a runtime passed none.
 *
 * Bun and Node are installed into `.runtimes/`; `STET_BUN`, `STET_NODE` and `STET_DENO` name others.
 * Arguments are the files to run; default: all.
 *
 * @module
 */
import process from "node:process";
import { runFile, type TestJob } from "./run_file.ts";
import { runsOn, runtimeNames, setUpTests } from "./set_up_tests.ts";

/** Files that run at the same time. Some of them start processes of their own. */
const LANES = 2;

/** Files that take longest. They begin first, so that no other lane waits for one at the end. */
const SLOW = [
  "tests/processes/package_test.ts",
  "tests/processes/shared_store_test.ts",
  "tests/tools/query_test.ts",
  "tests/processes/dashboard_test.ts",
  "tests/backends/conformance_test.ts",
  "tests/server/http_conformance_test.ts",
  "tests/columnar/columnar_test.ts",
  "tests/backends/crash_test.ts",
];

const setup = setUpTests();
const files = process.argv.length > 2 ? process.argv.slice(2) : setup.files;
const jobs = runtimeNames.flatMap((runtime): TestJob[] =>
  files.filter((file) => runsOn(runtime, file)).map((file) => ({ runtime, file }))
).sort((a, b) => Number(SLOW.includes(b.file)) - Number(SLOW.includes(a.file)));
const sums = Object.fromEntries(
  runtimeNames.map((name) => [name, { passed: 0, failed: 0, skipped: 0, seconds: 0 }]),
);
const skips: string[] = [];
const failures: string[] = [];
let finished = 0;

/** Runs one file after another from the queue, which all lanes share. */
async function runLane(queue: Iterable<TestJob>): Promise<void> {
  for (const job of queue) {
    const { runtime, file } = job;
    const { passed, failed, skipped, seconds, output } = await runFile(job, setup);
    const counts = `${passed} passed, ${failed.length} failed, ${skipped.length} skipped`;
    console.log(
      `[${++finished}/${jobs.length}] ${runtime} ${file}: ${counts}, ${seconds.toFixed(1)} s`,
    );
    if (failed.length > 0) console.log(output);
    const sum = sums[runtime]!;
    sum.passed += passed;
    sum.failed += failed.length;
    sum.skipped += skipped.length;
    sum.seconds += seconds;
    skips.push(...skipped.map((name) => `skipped on ${runtime}: ${file}: ${name}`));
    failures.push(...failed.map((name) => `FAILED on ${runtime}: ${file}: ${name}`));
  }
}

const queue = jobs.values();
await Promise.all(Array.from({ length: LANES }, () => runLane(queue)));

// The failures are last: readers see the end of a long output first.
console.log(`\n${skips.join("\n")}`);
for (const name of runtimeNames) {
  const { passed, failed, skipped, seconds } = sums[name]!;
  console.log(
    `${name}: ${passed} passed, ${failed} failed, ${skipped} skipped, ${Math.round(seconds)} s`,
  );
  if (passed > 0) continue;
  sums[name]!.failed++;
  failures.push(`FAILED on ${name}: no test passed`);
}
console.log(failures.join("\n"));
const total = (count: "passed" | "failed" | "skipped"): number =>
  Object.values(sums).reduce((sum, counts) => sum + counts[count], 0);
console.log(`${total("passed")} passed, ${total("failed")} failed, ${total("skipped")} skipped`);
process.exit(total("failed") > 0 ? 1 : 0);
