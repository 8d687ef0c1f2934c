/**
 * Runs the tests with random input for some minutes, on Deno, Bun and Node in turn, two files at a time:
 * kills, damaged files and property tests, with five times the rounds of the suite and another seed each
 * time. `deno task soak [minutes]`; default: 60. Prints a line for each file, and what it found last. Exits
 * with 1 if a test failed. Files that run when the time is over are finished.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { runFile, type TestJob } from "./run_file.ts";
import { runsOn, runtimeNames, setUpTests } from "./set_up_tests.ts";

/** Files that run at the same time. */
const LANES = 2;
/** Factor of the rounds of the suite: `tests/rounds.ts` reads it. */
const FACTOR = 5;

const minutes = Number(process.argv[2] ?? 60);
if (!(minutes > 0)) {
  console.error(`Cannot soak for ${process.argv[2]} minutes: it must be a number above 0`);
  process.exit(2);
}
const setup = setUpTests();
const files = setup.files.filter((file) =>
  readFileSync(join(setup.root, file), "utf8").includes('rounds.ts"')
);
const start = performance.now();
const elapsed = (): number => (performance.now() - start) / 60_000;

/** Yields each file on each runtime, over and over until the time is over. */
function* jobsUntilTheEnd(): Generator<TestJob> {
  for (;;) {
    for (const runtime of runtimeNames) {
      for (const file of files) {
        if (elapsed() >= minutes) return;
        if (runsOn(runtime, file)) yield { runtime, file };
      }
    }
  }
}

const sum = { files: 0, passed: 0 };
const failures: string[] = [];

/** Runs one file after another from the jobs, which all lanes share. */
async function runLane(jobs: Iterable<TestJob>): Promise<void> {
  for (const job of jobs) {
    const { runtime, file } = job;
    const { passed, failed, seconds, output } = await runFile(job, setup, {
      STET_ROUNDS: `${FACTOR}`,
    });
    sum.files++;
    sum.passed += passed;
    console.log(
      `${elapsed().toFixed(1)} min: ${runtime} ${file}: ${passed} passed, ` +
        `${failed.length} failed, ${seconds.toFixed(1)} s`,
    );
    if (failed.length > 0) console.log(output);
    failures.push(...failed.map((name) => `FAILED on ${runtime}: ${file}: ${name}`));
  }
}

const jobs = jobsUntilTheEnd();
await Promise.all(Array.from({ length: LANES }, () => runLane(jobs)));
console.log(failures.join("\n"));
console.log(
  `soaked for ${elapsed().toFixed(1)} minutes: ${sum.files} files run, ${sum.passed} passed, ` +
    `${failures.length} failed`,
);
process.exit(failures.length > 0 ? 1 : 0);
