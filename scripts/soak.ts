/**
 * Runs the tests with random input for some minutes, on Deno, Bun and Node in turn, two files at a time:
 * kills, damaged files and property tests, with ten times the rounds of the suite and another seed each
 * time. `deno task soak [minutes]`; default: 60. Prints a line for each file, and what it found last. Exits
 * with 1 if a test failed. Files that run when the time is over are finished.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { runFile, type TestJob } from "./run_file.ts";
import { runtimeNames, setUpTests } from "./set_up_tests.ts";

/** Files that run at the same time. */
const LANES = 2;
/** Factor of the rounds of the suite: `tests/rounds.ts` reads it. */
const FACTOR = 10;

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
        if (runtime === "node" || !file.startsWith("tests/processes/")) yield { runtime, file };
      }
    }
  }
}

let ran = 0, passed = 0;
const failures: string[] = [];

async function runLane(jobs: Iterator<TestJob>): Promise<void> {
  for (let next = jobs.next(); !next.done; next = jobs.next()) {
    const { runtime, file } = next.value;
    const result = await runFile(next.value, setup, { STET_ROUNDS: `${FACTOR}` });
    const { failed, seconds, output } = result;
    ran++;
    passed += result.passed;
    console.log(
      `${elapsed().toFixed(1)} min: ${runtime} ${file}: ${result.passed} passed, ` +
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
  `soaked for ${elapsed().toFixed(1)} minutes: ${ran} files run, ${passed} passed, ` +
    `${failures.length} failed`,
);
process.exit(failures.length > 0 ? 1 : 0);
