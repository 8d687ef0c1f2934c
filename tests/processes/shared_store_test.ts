import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openBackend } from "../../mod.ts";
import { rounds } from "../rounds.ts";
import { missing, runtimes } from "../runtimes.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";
import { independentRows } from "../workers/independent_rows.ts";
import { type Ending, filesIn, inWorkshop, type WorkerProcess } from "../workers/worker_process.ts";

const timeout = 300_000;

/** Processes over one grid, its seeds, and the number of processes that are killed. */
const PROCESSES = 8, SEEDS = rounds(400), KILLS = rounds(12);

/** Ways to spoil a state file that nobody has open. */
const spoilers: Readonly<Record<string, (path: string) => void>> = {
  "of garbage": (path) => writeFileSync(path, "garbage\n".repeat(1000)),
  "that was cut in half": (path) => truncateSync(path, statSync(path).size / 2),
  "of garbage after its first bytes": (path) => {
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xaa, 100));
  },
};

/** Ways in which programs save a file that they changed. */
const editors: Readonly<Record<string, (path: string, text: string) => void>> = {
  "writes a new file and renames it": (path, text) => {
    writeFileSync(`${path}~`, text);
    renameSync(`${path}~`, path);
  },
  "truncates and rewrites it in place": writeFileSync,
};

for (const reason of missing) {
  test("processes of all three runtimes are mixed", { skip: reason }, () => {});
}

for (
  const [format, extension] of [".csv", ".json", ".jsonl", ".sqlite", ".parquet", ".arrow"]
    .entries()
) {
  const lack = columnarSkips[extension];
  if (lack) {
    test(`${extension} is shared by processes`, { skip: lack }, () => {});
    continue;
  }
  test(
    `${extension}: ${PROCESSES} processes share a grid through ${KILLS} kills, each run is done once`,
    {
      timeout,
    },
    () =>
      inWorkshop(async ({ folder, start }) => {
        const store = join(folder, "shared", `grid${extension}`);
        mkdirSync(join(folder, "shared"));
        const processes: GridProcess[] = [];
        const startOne = (): void => {
          const log = join(folder, `log ${processes.length}`);
          writeFileSync(log, "");
          const runtime = runtimes[processes.length % runtimes.length]!;
          const worker = start(runtime, "grid_worker.ts", [store, log, String(SEEDS)]);
          const process: GridProcess = { worker, log, killed: Infinity, ending: undefined };
          void worker.ended.then((ending) => process.ending = ending);
          processes.push(process);
        };
        for (let n = 0; n < PROCESSES; n++) startOne();
        for (let kills = 0; kills < KILLS;) {
          await sleep(2);
          const progress = processes.reduce((sum, { log }) => sum + statSync(log).size, 0);
          // Spread over six sevenths of the work: a run is three lines of about 20 bytes.
          if (progress < 60 * SEEDS * (kills + Math.random()) / (KILLS * 7 / 6)) continue;
          const isOver = processes.every(({ ending }) => ending !== undefined);
          assert.ok(!isOver, `the work was over after ${kills} kills`);
          const busy = processes.filter(({ log, ending, killed }) =>
            ending === undefined && killed === Infinity && statSync(log).size > 0
          );
          const victim = busy[Math.floor(Math.random() * busy.length)];
          if (!victim) continue;
          victim.killed = Date.now();
          victim.worker.signal("SIGKILL");
          kills++;
          startOne();
        }
        await Promise.all(processes.map(({ worker }) => worker.ended));
        for (const { killed, ending } of processes) {
          assert.equal(ending, killed === Infinity ? 0 : "SIGKILL");
        }

        checkRuns(processes);
        const left = filesIn(join(folder, "shared"));
        assert.deepEqual(left.filter((name) => !name.endsWith(".torn")), [`grid${extension}`]);
        const all = Array.from({ length: SEEDS }, (_, seed) => seed);
        const backend = await openBackend(store);
        const loaded = (await backend.load()).map(({ seed }) => Number(seed));
        assert.deepEqual(loaded.sort((a, b) => a - b), all);
        const parsed = (await independentRows(store)).map(({ seed }) => Number(seed));
        assert.deepEqual(parsed.sort((a, b) => a - b), all);
      }),
  );

  test(
    `${extension}: a process that is stopped while it idles holds up nobody`,
    { timeout },
    () =>
      inWorkshop(async ({ folder, startStoreWorker }) => {
        for (const [i, runtime] of runtimes.entries()) {
          const store = join(folder, `${runtime.name}${extension}`);
          const idle = startStoreWorker(runtime);
          const other = startStoreWorker(runtimes[(i + 1) % runtimes.length]!);
          await idle.ask("claim", store, "done");
          await idle.ask("finish", store, "done");
          await idle.ask("claim", store, "held");
          assert.equal(await other.ask("has", store, { key: "done" }), true);
          idle.signal("SIGSTOP");
          // A lock that it held would stay taken: a claim would end in a LockError.
          for (let n = 0; n < 20; n++) {
            assert.deepEqual(await other.ask("claim", store, `${n}`), { state: "claimed" });
            await other.ask("finish", store, `${n}`);
          }
          idle.signal("SIGCONT");
          await idle.ask("finish", store, "held");
          assert.equal((await idle.ask("load", store)).length, 22);
          await Promise.all([idle.leave(), other.leave()]);
        }
        assert.deepEqual(
          filesIn(folder),
          runtimes.map(({ name }) => `${name}${extension}`).sort(),
        );
      }),
  );

  test(
    `${extension}: a state file that was deleted between processes is not missed`,
    { timeout },
    () =>
      inWorkshop(async ({ folder, startStoreWorker }) => {
        const store = join(folder, `runs${extension}`);
        for (const [i, runtime] of runtimes.entries()) {
          const worker = startStoreWorker(runtime);
          await worker.ask("record", store, { key: `row ${i}` });
          await worker.ask("claim", store, "failed");
          await worker.ask("fail", store, "failed");
          assert.equal(await worker.leave(), 0);
          assert.ok(existsSync(`${store}-state`), "it remembers a failure");
          rmSync(`${store}-state`);
        }
        const keys = (await independentRows(store)).map(({ key }) => key);
        assert.deepEqual(keys, runtimes.map((_, i) => `row ${i}`));
        assert.deepEqual(filesIn(folder), [`runs${extension}`]);
      }),
  );

  for (const [way, [what, spoil]] of Object.entries(spoilers).entries()) {
    // Every format and every way meets each runtime, all three together in a soak only.
    const some = rounds(1) > 1 ? runtimes : [runtimes[(format + way) % runtimes.length]!];
    test(
      `${extension}: a state file ${what} is moved aside and work goes on`,
      { timeout },
      () =>
        inWorkshop(async ({ folder, startStoreWorker }) => {
          for (const runtime of some) {
            const store = join(folder, `${runtime.name}${extension}`);
            const [first, second] = [startStoreWorker(runtime), startStoreWorker(runtime)];
            await first.ask("claim", store, "done");
            await first.ask("finish", store, "done");
            await first.ask("claim", store, "failed");
            await first.ask("fail", store, "failed");
            await first.leave();
            spoil(`${store}-state`);
            const spoilt = readFileSync(`${store}-state`);

            assert.deepEqual(await second.ask("claim", store, "done"), { state: "done" });
            assert.deepEqual(await second.ask("claim", store, "failed"), { state: "claimed" });
            await second.ask("finish", store, "failed");
            await second.leave();
            assert.deepEqual(readFileSync(`${store}-state.unreadable`), spoilt);
            rmSync(`${store}-state.unreadable`);
            assert.deepEqual((await independentRows(store)).map(({ key }) => key), [
              "done",
              "failed",
            ]);
          }
          const stores = some.map(({ name }) => `${name}${extension}`);
          assert.deepEqual(filesIn(folder), stores.sort());
        }),
    );
  }

  test(`${extension}: a state file unlinked under idle processes is made again and shared`, {
    timeout,
  }, () =>
    inWorkshop(async ({ folder, startStoreWorker }) => {
      const store = join(folder, `runs${extension}`);
      const workers = runtimes.map((runtime) => startStoreWorker(runtime));
      for (const [i, a] of workers.entries()) {
        const b = workers[(i + 1) % workers.length]!;
        for (const [n, worker] of workers.entries()) {
          await worker.ask("claim", store, `${i}, before: ${n}`);
          await worker.ask("finish", store, `${i}, before: ${n}`);
        }
        rmSync(`${store}-state`);
        assert.deepEqual(await a.ask("claim", store, `${i}, a`), { state: "claimed" });
        if (a !== b) {
          const busy = { state: "busy", holder: `process ${a.pid}` };
          assert.deepEqual(await b.ask("claim", store, `${i}, a`), busy);
          assert.deepEqual(await b.ask("claim", store, `${i}, b`), { state: "claimed" });
          assert.equal((await a.ask("claim", store, `${i}, b`)).state, "busy");
          await b.ask("finish", store, `${i}, b`);
          assert.deepEqual(await a.ask("claim", store, `${i}, b`), { state: "done" });
        }
        await a.ask("finish", store, `${i}, a`);
        assert.deepEqual(await b.ask("claim", store, `${i}, a`), { state: "done" });
      }
      for (const worker of workers) assert.equal(await worker.leave(), 0);
      assert.deepEqual(filesIn(folder), [`runs${extension}`]);
      const keys = (await independentRows(store)).map(({ key }) => key);
      assert.equal(new Set(keys).size, keys.length, "none is there twice");
      assert.equal(keys.length, workers.length * (workers.length + (workers.length > 1 ? 2 : 1)));
    }));

  test(`${extension}: what another process changes in a store is seen, and nothing lost`, {
    timeout,
  }, () =>
    inWorkshop(async ({ folder, startStoreWorker }) => {
      const workers = runtimes.map((runtime) => startStoreWorker(runtime));
      for (const [i, a] of workers.entries()) {
        const b = workers[(i + 1) % workers.length]!;
        const store = join(folder, `${i}${extension}`);
        for (const key of ["x", "y", "z"]) await a.ask("record", store, { key });
        assert.equal(await a.ask("has", store, { key: "x" }), true);

        assert.equal(await b.ask("remove", store, { key: "x" }), 1);
        assert.deepEqual(await a.ask("claim", store, "x"), { state: "claimed" });
        await a.ask("finish", store, "x");

        await b.ask("record", store, { key: "v", beta: 1 });
        await a.ask("record", store, { key: "w" });
        assert.equal(await a.ask("has", store, { key: "v", beta: 1 }), true);
        assert.equal(await b.ask("has", store, { key: "w" }), true);

        await b.ask("remove", store, { key: "y" });
        await a.ask("record", store, { key: "u", gamma: 1 });
        const keys = (await b.ask("load", store)).map(({ key }) => key);
        assert.deepEqual(keys, ["z", "x", "v", "w", "u"]);
        assert.deepEqual((await independentRows(store)).map(({ key }) => key), keys);
      }
    }));

  // A database and a columnar file are no text editor's business.
  const isColumnar = extension === ".parquet" || extension === ".arrow";
  const isText = extension !== ".sqlite" && !isColumnar;
  for (const [what, save] of isText ? Object.entries(editors) : []) {
    test(`${extension}: what an editor that ${what} changes in a store is seen, and nothing lost`, {
      timeout,
    }, () =>
      inWorkshop(async ({ folder, startStoreWorker }) => {
        for (const runtime of runtimes) {
          const worker = startStoreWorker(runtime);
          const store = join(folder, `${runtime.name}${extension}`);
          for (const key of ["one", "two", "three"]) {
            await worker.ask("claim", store, key);
            await worker.ask("finish", store, key);
          }
          // The same length, longer, shorter: after a record each, and after a look.
          for (
            const [from, to] of [["one", "uno"], ["uno", "another"], ["another", "1st"]] as const
          ) {
            await sleep(10); // the clock of a file system ticks every 4 ms
            save(store, readFileSync(store, "utf8").replace(from, to));
            const what = `${runtime.name}: ${from} → ${to}`;
            assert.deepEqual(await worker.ask("claim", store, from), { state: "claimed" }, what);
            assert.deepEqual(await worker.ask("claim", store, to), { state: "done" }, what);
            await worker.ask("record", store, { key: `after ${to}` });
            await worker.ask("release", store, from);
          }
          const keys = ["1st", "two", "three", "after uno", "after another", "after 1st"];
          assert.deepEqual((await worker.ask("load", store)).map(({ key }) => key), keys);
          assert.deepEqual((await independentRows(store)).map(({ key }) => key), keys);
          await worker.leave();
        }
      }));
  }

  const only = isColumnar ? "only the pending rows" : "only the store";
  for (const runtime of runtimes) {
    const endings: readonly [
      way: string,
      what: string,
      ending: Ending,
      seeds: readonly string[],
    ][] = [
      ["leave", "that ends with calls nobody awaits records them", 0, ["1", "2", "3"]],
      ["exit", `that calls process.exit() in a run leaves ${only}`, 3, ["1"]],
      ["throw", `that dies of an uncaught exception leaves ${only}`, 1, ["1"]],
      ["reject", `that dies of an unhandled rejection leaves ${only}`, 1, ["1"]],
    ];
    for (const [way, what, ending, seeds] of endings) {
      test(
        `${extension}: a ${runtime.name} process ${what}`,
        { timeout },
        () =>
          inWorkshop(async ({ folder, start }) => {
            const store = join(folder, `runs${extension}`);
            const worker = start(runtime, "ending_worker.ts", [store, way], { stderr: "ignore" });
            assert.equal(await worker.ended, ending);
            assert.deepEqual((await independentRows(store)).map(({ seed }) => seed).sort(), seeds);
            // What takes time cannot be done in such an end: the next process merges.
            const isPending = isColumnar && way !== "leave";
            const left = `runs${extension}${isPending ? ".pending.jsonl" : ""}`;
            assert.deepEqual(filesIn(folder), [left]);
          }),
      );
    }
  }
}

/** A process over the grid. */
interface GridProcess {
  readonly worker: WorkerProcess;
  readonly log: string;
  /** When it was killed. */
  killed: number;
  ending: Ending | undefined;
}

/** Checks from the logs that no run was done twice, nor begun while its owner lived. */
function checkRuns(processes: readonly GridProcess[]): void {
  const runs = processes.flatMap(({ log, killed }) => {
    const lines = readFileSync(log, "utf8").trimEnd().split("\n").map((line) => line.split(" "));
    const acknowledged = new Set(lines.filter(([what]) => what === "ack").map(([, seed]) => seed));
    return lines.filter(([what]) => what === "begin").map(([, seed, time]) => ({
      seed,
      begin: Number(time),
      isAcknowledged: acknowledged.has(seed),
      killed,
    }));
  });
  const latest = new Map<string | undefined, (typeof runs)[number]>();
  for (const run of runs.sort((a, b) => a.begin - b.begin)) {
    const before = latest.get(run.seed);
    if (before) {
      const what = `seed ${run.seed}: ${JSON.stringify(before)} and ${JSON.stringify(run)}`;
      assert.ok(before.killed <= run.begin, `${what}: the first owner lived`);
      assert.ok(!before.isAcknowledged, `${what}: the first run was done`);
    }
    latest.set(run.seed, run);
  }
  assert.equal(latest.size, SEEDS);
}
