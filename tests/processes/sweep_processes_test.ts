import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openBackend } from "../../mod.ts";
import { rounds } from "../rounds.ts";
import { missing, type Runtime, runtimes } from "../runtimes.ts";
import {
  filesIn,
  inWorkshop,
  type WorkerProcess,
  type Workshop,
} from "../workers/worker_process.ts";
import { until } from "../until.ts";

const timeout = 120_000;
const KEYS = rounds(400);
const keys = Array.from({ length: KEYS }, (_, n) => n);
const three = [0, 1, 2].map((n) => runtimes[n % runtimes.length]!);

for (const reason of missing) {
  test("sweeps of all three runtimes are mixed", { skip: reason }, () => {});
}

function linesIn(path: string): string[] {
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];
}

async function seedsIn(store: string): Promise<unknown[]> {
  const backend = await openBackend(store);
  const seeds = (await backend.load()).map(({ n }) => n);
  await backend.close();
  return seeds;
}

interface Three {
  readonly store: string;
  /** What each process writes: the keys it began and, in `<log>.values`, what its sweep gave. */
  readonly logs: readonly string[];
  readonly workers: readonly WorkerProcess[];
}

/** Starts three processes that sweep the same keys, and begin together, however long a start takes. */
async function sweepInThree({ folder, start }: Workshop, extension: string): Promise<Three> {
  const store = join(folder, `runs${extension}`);
  const logs = three.map((_, n) => join(folder, `log${n}`));
  const go = join(folder, "go");
  const workers = three.map((runtime, n) =>
    start(runtime, "sweep_worker.ts", [store, logs[n]!, go, String(KEYS)])
  );
  await until(() => logs.every((log) => existsSync(log)));
  writeFileSync(go, "");
  return { store, logs, workers };
}

function checkValues(log: string): void {
  const values = JSON.parse(readFileSync(`${log}.values`, "utf8"));
  assert.deepEqual(values, Object.fromEntries(keys.map((n) => [n, n * n])));
}

for (const extension of [".csv", ".sqlite"]) {
  test(`${extension}: three processes sweep ${KEYS} keys: each runs once, all get all values`, {
    timeout,
  }, () =>
    inWorkshop(async (workshop) => {
      const { store, logs, workers } = await sweepInThree(workshop, extension);
      assert.deepEqual(await Promise.all(workers.map(({ ended }) => ended)), [0, 0, 0]);
      const begun = logs.flatMap(linesIn).map(Number).sort((a, b) => a - b);
      assert.deepEqual(begun, keys);
      for (const log of logs) checkValues(log);
      assert.deepEqual((await seedsIn(store)).length, KEYS);
      assert.deepEqual(filesIn(workshop.folder).filter((name) => name.startsWith("runs")), [
        `runs${extension}`,
        `runs${extension}-plan`,
      ]);
    }));

  for (const [victim, { name }] of three.entries()) {
    test(`${extension}: the others get all values when a ${name} process is killed`, {
      timeout,
    }, () =>
      inWorkshop(async (workshop) => {
        const { store, logs, workers } = await sweepInThree(workshop, extension);
        await until(() => linesIn(logs[victim]!).length > 20); // a slow one gets few of the keys
        workers[victim]!.signal("SIGKILL");
        const endings = await Promise.all(workers.map(({ ended }) => ended));
        assert.deepEqual(endings, three.map((_, n) => n === victim ? "SIGKILL" : 0));
        for (const [n, log] of logs.entries()) if (n !== victim) checkValues(log);
        assert.deepEqual((await seedsIn(store)).sort((a, b) => Number(a) - Number(b)), keys);
        // Only what the killed one was running ran again.
        const begun = logs.flatMap(linesIn);
        assert(begun.length >= KEYS && begun.length <= KEYS + 4, `${begun.length} runs`);
      }));
  }
}

for (const runtime of runtimes) {
  test(
    `${runtime.name}: an interrupted sweep finishes what runs, records it, and says how to go on`,
    {
      timeout,
    },
    () =>
      interrupted(runtime, [], async ({ signal, lines, finish }) => {
        signal("SIGINT");
        await until(() => lines().some((line) => line.includes("finishing what runs (2)")));
        finish(1);
        finish(2);
        return { ending: 130, done: [1, 2] };
      }),
  );

  test(
    `${runtime.name}: SIGTERM does the same, with its own exit code`,
    { timeout },
    () =>
      interrupted(runtime, [], async ({ signal, lines, finish }) => {
        signal("SIGTERM");
        await until(() => lines().some((line) => line.includes("finishing what runs (2)")));
        finish(1);
        finish(2);
        return { ending: 143, done: [1, 2] };
      }),
  );

  test(`${runtime.name}: a second interrupt aborts what runs; what finished is recorded`, {
    timeout,
  }, () =>
    interrupted(runtime, [], async ({ signal, lines, finish }) => {
      signal("SIGINT");
      await until(() => lines().some((line) => line.includes("finishing what runs (2)")));
      finish(1);
      await until(() => lines().includes("ran 1"));
      signal("SIGINT");
      return { ending: 130, done: [1] };
    }));

  test(
    `${runtime.name}: what runs is aborted after graceSeconds`,
    { timeout },
    () =>
      interrupted(runtime, ["0.3"], async ({ signal, lines }) => {
        signal("SIGINT");
        await until(() => lines().some((line) => line.includes("for 0.3 s at most")));
        return { ending: 130, done: [] };
      }),
  );
}

interface Interrupted {
  signal(name: NodeJS.Signals): void;
  lines(): string[];
  finish(n: number): void;
}

/** Interrupts a sweep of which two runs have begun; checks what is left of it. */
async function interrupted(
  runtime: Runtime,
  args: readonly string[],
  body: (it: Interrupted) => Promise<{ ending: number; done: number[] }>,
): Promise<void> {
  await inWorkshop(async ({ folder, start }) => {
    const store = join(folder, "runs.csv");
    const log = join(folder, "log");
    const worker = start(runtime, "interrupted_worker.ts", [store, log, ...args]);
    const lines = (): string[] => linesIn(log);
    await until(() => lines().includes("began 2"));
    const { ending, done } = await body({
      signal: worker.signal,
      lines,
      finish: (n) => writeFileSync(`${log}.${n}`, ""),
    });
    assert.equal(await worker.ended, ending);
    const told = lines();
    assert.deepEqual(told.filter((line) => line.startsWith("began")), ["began 1", "began 2"]);
    assert.match(
      told.at(-1)!,
      new RegExp(
        `^\\[stet\\] Interrupted: ${done.length} ran, 0 skipped, 0 failed\\. ` +
          `To go on: ${runtime.name} .*interrupted_worker\\.ts .*runs\\.csv`,
      ),
    );
    assert.deepEqual((await seedsIn(store)).sort(), done);
    assert.deepEqual(filesIn(folder).filter((name) => name.startsWith("runs")), [
      ...done.length > 0 ? ["runs.csv"] : [],
      "runs.csv-plan",
    ]);
    assert(statSync(log).size > 0);
  });
}
