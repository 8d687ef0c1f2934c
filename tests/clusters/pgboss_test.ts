import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { cluster, once, openBackend, StoreError, sweep } from "../../mod.ts";
import { MemoryBackend } from "../../backends/memory.ts";
import { shellText } from "../../core/runtime/shell_text.ts";
import { openEngine } from "../open_engine.ts";
import { sharedServer } from "../postgres/shared_server.ts";
import { serve } from "../../server/serve.ts";
import { connectSql } from "../postgres/sql.ts";
import { runtimes } from "../runtimes.ts";
import { type Cleaned, tempFolder } from "../temp_folder.ts";
import { until } from "../until.ts";
import { clusterSkip, numbers, rowsIn, swept } from "./on_cluster.ts";
import { executionsIn, ownRuntime, runsModule, startCli, startWorker } from "./cluster_worker.ts";

const timeout = 300_000;

const options = { timeout, skip: clusterSkip };

let databases = 0;

/** Returns the URL of a store in a database of its own, and a folder for executions. */
async function place(
  t: Cleaned,
): Promise<{ readonly url: string; readonly folder: string }> {
  const server = await sharedServer();
  const database = `stet_${++databases}`;
  const sql = await server.connect();
  await sql.query(`CREATE DATABASE ${database} OWNER stet`);
  await sql.close();
  return { url: server.url({ database }), folder: tempFolder(t) };
}

/** Returns the numbers of jobs by state. */
async function jobStates(url: string): Promise<Record<string, number>> {
  const sql = await connectSql(url);
  const rows = await sql.query(
    "SELECT state::text AS state, count(*)::int AS count FROM stet_pgboss.job GROUP BY state",
  );
  await sql.close();
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
}

test("cluster() gives what workers returned, and skips it the next time", options, async (t) => {
  const { url, folder } = await place(t);
  const worker = startWorker(t, { url, folder });
  const outcomes = await swept(url, numbers(50));
  assert.equal(outcomes.size, 50);
  for (const [n, outcome] of outcomes) {
    assert.deepEqual(outcome, { status: "ran", params: { n }, value: n * n });
  }
  const again = await swept(url, numbers(50));
  assert.deepEqual(new Set([...again.values()].map(({ status }) => status)), new Set(["skipped"]));
  assert.equal(executionsIn(folder).length, 50);
  const status = startCli(t, ["status", url, "--workers"]);
  assert.equal(await status.ended(), 0);
  assert.match(status.output, /1 worker\n.*working square on .*: 50 ran, 0 failed/);
  const sidecar = await serve({ store: url.replace("stet@", "stet:secret@"), port: 0 });
  const answer = async (path: string): Promise<string> =>
    await (await fetch(sidecar.url + path)).text();
  assert.match(
    await answer("/v1/workers"),
    /"label":"square".*"state":"working","ran":50,"failed":0/,
  );
  assert.doesNotMatch(await answer("/v1/progress"), /secret/);
  await sidecar.close();
  worker.kill("SIGTERM");
  await worker.ended();
  assert.match(worker.output, /50 ran, 0 failed/);
  const after = startCli(t, ["status", url, "--workers"]);
  assert.equal(await after.ended(), 0);
  assert.match(after.output, /0 workers; 1 ended within the last hour\n(?!ended)/);
});

test(
  "cluster() gives the errors of failed runs, after as many attempts as asked",
  options,
  async (t) => {
    const { url, folder } = await place(t);
    startWorker(t, { url, folder, name: "fussy" });
    const outcomes = await swept(url, numbers(6), { name: "fussy", retries: 2, retryDelay: 1 });
    for (const [n, outcome] of outcomes) {
      assert.equal(outcome.status, n % 2 === 1 ? "failed" : "ran");
      if (outcome.status !== "failed") continue;
      assert(outcome.error instanceof RangeError);
      assert.equal(outcome.error.message, `${n} is odd`);
    }
    assert.equal(outcomes.size, 6);
    assert.equal(executionsIn(folder).length, 3 + 3 * 3);
    const engine = await openEngine(url);
    const failures = await engine.failures();
    await engine.close();
    assert.deepEqual(failures.map(({ attempt }) => attempt), [3, 3, 3]);
  },
);

test("cluster() kills a run that takes too long", options, async (t) => {
  const { url, folder } = await place(t);
  startWorker(t, { url, folder });
  const params = [{ n: 1, ms: 600_000 }, { n: 2 }];
  const outcomes = await swept(url, params, { timeout: 2_000 });
  assert.equal(outcomes.get(2)?.status, "ran");
  const late = outcomes.get(1);
  assert.equal(late?.status, "failed");
  assert.match(String(late.error), /timed out after 2000 ms/);
});

test(
  "cluster() sends dates and undefined as they are, and refuses what it cannot send",
  options,
  async (t) => {
    const { url, folder } = await place(t);
    startWorker(t, { url, folder, name: "describe" });
    const at = new Date("2026-01-02T03:04:05.678Z");
    const outcomes = await swept(url, [{ n: 1, at, x: undefined }], { name: "describe" });
    const outcome = outcomes.get(1);
    assert(outcome?.status === "ran");
    assert.equal(outcome.value, "1 2026-01-02T03:04:05.678Z undefined");
    const odd = [{ n: 2 }, { n: 3, at: new Map() as unknown as Date }];
    await assert.rejects(
      swept(url, odd, { name: "describe" }),
      /Cannot send params\.at to a worker of a cluster: it is an instance of Map/,
    );
    assert.equal((await rowsIn(url)).size, 1);
  },
);

test(
  "sent twice, runs wait once; a later sweep gives all that was done meanwhile",
  options,
  async (t) => {
    const { url, folder } = await place(t);
    const detach = cluster(url, { fallback: false, detach: true });
    const logs: string[] = [];
    const log = (line: string): void => void logs.push(line);
    assert.equal((await swept(url, numbers(300), { executor: detach, log })).size, 0);
    const before = await jobStates(url);
    // In another order, and more of them: what waits is not sent again.
    await swept(url, numbers(310).reverse(), { executor: detach, log });
    assert.match(logs[0]!, /Sent 300 runs to workers/);
    assert.match(logs[1]!, /Sent 310 runs to workers, 300 of them before/);
    const status = startCli(t, ["status", url, "--workers"]);
    assert.equal(await status.ended(), 0, status.output);
    assert.match(status.output, /0 workers\n.*310 runs to begin, 0 with workers: queue .*square/);
    const after = await jobStates(url);
    assert(after["created"]! <= before["created"]! + 10);
    startWorker(t, { url, folder });
    const outcomes = await swept(url, numbers(310));
    assert.equal(outcomes.size, 310);
    assert.equal(executionsIn(folder).length, 310);
  },
);

test("aborted, a sweep ends what workers run, and nothing waits", options, async (t) => {
  const { url, folder } = await place(t);
  const worker = startWorker(t, { url, folder });
  const abort = new AbortController();
  const sweeping = swept(url, numbers(8, 600_000), { signal: abort.signal });
  await until(() => executionsIn(folder).length === 2);
  abort.abort(new Error("enough"));
  assert.equal((await sweeping).size, 0);
  const states = await jobStates(url);
  assert.equal(states["created"], undefined);
  // The worker is free for others.
  const outcomes = await swept(url, [{ n: 100 }, { n: 101 }]);
  assert.equal(outcomes.size, 2);
  assert.equal(worker.ending, undefined);
  assert.equal((await rowsIn(url)).size, 2);
});

test("stopped, a sweep waits for what runs and cancels the rest", options, async (t) => {
  const { url, folder } = await place(t);
  startWorker(t, { url, folder });
  const stop = new AbortController();
  const sweeping = swept(url, numbers(40, 1_000), { stopSignal: stop.signal });
  await until(() => executionsIn(folder).length >= 2);
  stop.abort();
  const outcomes = await sweeping;
  const executed = executionsIn(folder).length;
  assert.equal(outcomes.size, executed);
  assert(executed < 40);
  await sleep(1_500);
  assert.equal(executionsIn(folder).length, executed);
});

test(
  "a worker that is drained as it begins gives whole jobs to the next one",
  options,
  async (t) => {
    const { url, folder } = await place(t);
    const sweeping = swept(url, numbers(30, 100));
    for (let i = 0; i < 3; i++) {
      const before = executionsIn(folder).length;
      const worker = startWorker(t, { url, folder, jobs: 8 });
      await until(() => executionsIn(folder).length > before);
      worker.kill("SIGTERM");
      await worker.ended();
    }
    startWorker(t, { url, folder });
    assert.equal((await sweeping).size, 30);
    assert.equal(executionsIn(folder).length, 30);
  },
);

test("without its queue a sweep runs here after a warning, or fails", options, async () => {
  const nowhere = "postgresql://nobody@127.0.0.1:1/nothing";
  const logs: string[] = [];
  const twice = once(({ n }: { n: number }) => 2 * n, { store: new MemoryBackend(), save: true });
  const sweepOptions = { handleSignals: false, log: (line: string) => void logs.push(line) };
  const { ran } = await sweep(twice, [{ n: 1 }, { n: 2 }], {
    executor: cluster(nowhere),
    ...sweepOptions,
  }).done;
  assert.equal(ran, 2);
  assert.match(
    logs.join("\n"),
    /Cannot open store ".*127\.0\.0\.1:1.*in this process instead/,
  );
  const executor = cluster(nowhere, { fallback: false });
  await assert.rejects(sweep(twice, [{ n: 3 }], { executor, ...sweepOptions }).done, StoreError);
});

test(
  "workers and sweeps refuse jobs of another source, key or version of stet",
  options,
  async (t) => {
    const { url, folder } = await place(t);
    const detach = cluster(url, { fallback: false, detach: true });
    await swept(url, numbers(3), { executor: detach, log: () => {} });
    const sql = await connectSql(url);
    const change = async (name: string, value: string): Promise<void> => {
      await sql.query(
        `UPDATE stet_pgboss.job SET data = jsonb_set(data, '{${name}}', '${value}')
       WHERE state = 'created'`,
      );
    };
    const version =
      (await sql.query("SELECT data->'version' AS v FROM stet_pgboss.job LIMIT 1"))[0]!["v"];
    await change("version", "99");
    await assert.rejects(swept(url, numbers(9)), /by another version of stet \(jobs of version 99/);
    const worker = startWorker(t, { url, folder });
    assert.equal(await worker.ended(), 3);
    assert.match(worker.output, /by another version of stet/);
    await change("version", String(version));
    await change("source", '"v:2"');
    await assert.rejects(swept(url, numbers(9)), /for another source of it \(v:2/);
    const sweeping = ["sweep", `${runsModule}#square`, "-g", "n=1", "--store", url];
    const refused = startCli(t, [...sweeping, "--engine", "pgboss"]);
    assert.equal(await refused.ended(), 3);
    const cancelling = ["stet", "worker", "--cancel", `${runsModule}#square`, "--store", url];
    assert(refused.output.includes(`with: ${shellText(cancelling)}\n`), refused.output);
    await change("source", '""');
    await change("keys", `"${"0".repeat(24)}"`);
    await assert.rejects(swept(url, numbers(9)), /with another key of it/);
    const another = startWorker(t, { url, folder });
    assert.equal(await another.ended(), 3);
    assert.match(another.output, /with another key of it/);
    await change("runs", '["{\\"item\\":5}"]');
    await assert.rejects(swept(url, numbers(9)), /with other params: .*got number/);
    assert.equal(executionsIn(folder).length, 0);
    const args = ["worker", `${runsModule}#square`, "--store", url, "--cancel"];
    const cancel = startCli(t, args);
    assert.equal(await cancel.ended(), 0, cancel.output);
    assert.match(cancel.output, /Cancelled \d jobs?/);
    await sql.close();
  },
);

test("stet worker --cancel ends what workers run, and what waits", options, async (t) => {
  const { url, folder } = await place(t);
  const detach = cluster(url, { fallback: false, detach: true });
  await swept(url, numbers(6, 600_000), { executor: detach, log: () => {} });
  const worker = startWorker(t, { url, folder });
  await until(() => executionsIn(folder).length === 2);
  const cancel = startCli(t, ["worker", `${runsModule}#square`, "--store", url, "--cancel"]);
  assert.equal(await cancel.ended(), 0, cancel.output);
  const outcomes = await swept(url, [{ n: 100 }]); // the worker is free
  assert.equal(outcomes.size, 1);
  assert.equal(executionsIn(folder).length, 3);
  assert.equal(worker.ending, undefined);
  assert.equal((await rowsIn(url)).size, 1);
});

test(
  "a role that may not make the queue gets a warning and runs here, or an error with --no-fallback",
  options,
  async (t) => {
    const { url } = await place(t);
    const sql = await (await sharedServer()).connect();
    await sql.query(`REVOKE CREATE ON DATABASE ${new URL(url).pathname.slice(1)} FROM stet`);
    await sql.close();
    const args = [
      "sweep",
      `${runsModule}#square`,
      "-g",
      "n=1",
      "--store",
      url,
      "--engine",
      "pgboss",
    ];
    const refused = startCli(t, [...args, "--no-fallback"]);
    assert.equal(await refused.ended(), 3, refused.output);
    assert.match(refused.output, /it needs CREATE on the database once/);
    assert.equal((await rowsIn(url)).size, 0);
    const here = startCli(t, args);
    assert.equal(await here.ended(), 0, here.output);
    assert.match(here.output, /it needs CREATE.*The runs are in this process instead/);
    assert.equal((await rowsIn(url)).size, 1);
  },
);

test("stet run sends a program's params as they were written", options, async (t) => {
  const { url } = await place(t);
  const program = ["sh", "-c", 'echo "\\"$1\\""', "sh", "{x}"];
  const logs = tempFolder(t);
  startCli(t, ["worker", "--store", url, "--logs", logs, "-j", "2", "--", ...program]);
  const run = startCli(t, [
    ...["run", "-g", "x=1e-2,0.5,3", "--store", url, "--engine", "pgboss", "--no-fallback", "--"],
    ...program,
  ]);
  assert.equal(await run.ended(), 0, run.output);
  assert.equal(readdirSync(logs).length, 3);
  assert.match(run.output, /3 ran, 0 skipped, 0 failed/);
  const backend = await openBackend(url);
  const rows = (await backend.load()).map(({ x, result }) => [x, result]);
  await backend.close();
  assert.deepEqual(
    new Map(rows as [number, string][]),
    new Map([[0.01, "1e-2"], [0.5, "0.5"], [3, "3"]]),
  );
});

test("a cluster refuses `adaptive` and --live, which are of one process", options, async (t) => {
  const square = once(({ n }: { n: number }) => n * n, { store: new MemoryBackend(), quiet: true });
  const { url } = await place(t);
  await assert.rejects(
    async () => await sweep(square, [{ n: 1 }], { executor: cluster(url), adaptive: true }).done,
    /Cannot sweep on a cluster: adaptive counts .* leave it out/,
  );
  const engine = ["-g", "n=1", "--store", url, "--engine", "pgboss"];
  for (
    const [args, message] of [
      [["sweep", `${runsModule}#square`, ...engine, "--adaptive"], /--adaptive .* --engine/],
      [["sweep", `${runsModule}#square`, ...engine, "--http-retry"], /--http-retry .* --engine/],
      [["run", ...engine, "--live", "--", "echo", "{n}"], /--live prints .* --engine/],
    ] as const
  ) {
    const run = startCli(t, args);
    assert.equal(await run.ended(), 2, run.output);
    assert.match(run.output, message);
  }
});

test(
  "the command line refuses an engine without a Postgres store, and a worker without its export",
  {
    timeout,
  },
  async (t) => {
    const grid = ["-g", "n=1"];
    const module = `${runsModule}#square`;
    const folder = tempFolder(t);
    const engine = ["--engine", "pgboss"];
    const own = join(folder, "own.ts");
    writeFileSync(
      own,
      `import { once } from ${JSON.stringify(import.meta.resolve("../../mod.ts"))};
export const train = once((n: number) => n, { store: "postgres://me:secret@h/d?table=runs" });
`,
    );
    for (
      const [args, message] of [
        [["sweep", module, ...grid, "--engine", "pgboss"], /--engine needs --store postgres/],
        [
          ["sweep", module, ...grid, "--engine", "pgboss", "--store", "a.csv"],
          /--engine needs --store postgres.*not a\.csv/,
        ],
        [["sweep", module, ...grid, "--detach"], /--detach needs --engine/],
        [["worker", module, "--store", "a.csv"], /stet worker needs --store postgres/],
        [["worker", `${runsModule}#no`, "--store", "postgres://h/d"], /has no export "no"/],
        [["worker", "--store", "postgres://h/d"], /name one module/],
        [
          ["worker", `${own}#train`, "--store", "postgres://h/d"],
          /train\(\) has the store postgres:\/\/\S*@?h\/d\?table=runs, and --store names postgres:\/\/h\/d: .*give --store the same URL/,
        ],
        [
          ["sweep", `${own}#train`, ...grid, "--store", "postgres://h/other?table=runs", ...engine],
          /train\(\) has the store .*, and --store names postgres:\/\/h\/other/,
        ],
      ] as const
    ) {
      const run = startCli(t, args);
      assert.equal(await run.ended(), 2, run.output);
      assert.match(run.output, message);
      assert.doesNotMatch(run.output, /secret/);
    }
  },
);

test(
  "of three workers one is killed, one drained, and the coordinator is killed: each key is recorded once",
  options,
  async (t) => {
    const { url, folder } = await place(t);
    const KEYS = 240;
    const others = runtimes.length === 3 ? runtimes : [ownRuntime, ownRuntime, ownRuntime];
    const workers = others.map((runtime, i) =>
      startWorker(t, { url, folder, runtime, owner: `worker${i}` })
    );
    await until(() => workers.every(({ output }) => /Waiting for runs/.test(output)));
    const args = [
      ...["sweep", `${runsModule}#square`, "-g", `n=0..${KEYS - 1}`, "-g", "ms=150"],
      ...["--store", url, "--engine", "pgboss", "--no-fallback"],
    ];
    const first = startCli(t, args);
    const owners = (): Set<string> => new Set(executionsIn(folder).map(({ owner }) => owner));
    await until(() => owners().size === 3 || first.ending !== undefined);
    first.kill("SIGKILL");
    // A runtime's command can be a shell script: the worker itself is killed.
    const killed = executionsIn(folder).find(({ owner }) => owner === "worker0")!;
    process.kill(killed.pid, "SIGKILL");
    workers[1]!.kill("SIGTERM");
    await workers[1]!.ended();
    assert.match(workers[1]!.output, /Draining/);
    const second = startCli(t, args);
    const distinct = (): number => new Set(executionsIn(folder).map(({ n }) => n)).size;
    await until(() => distinct() === KEYS || second.ending !== undefined);
    assert.equal(await second.ended(), 0, second.output);
    assert.match(second.output, /0 failed/);
    const counts = await rowsIn(url);
    assert.equal(counts.size, KEYS);
    assert([...counts.values()].every((count) => count === 1));
    const executions = executionsIn(folder);
    const repeats = executions.length - new Set(executions.map(({ n }) => n)).size;
    assert(repeats <= 2, `${repeats} repeats`); // what the killed worker had begun
    const third = startCli(t, args);
    assert.equal(await third.ended(), 0);
    assert.match(third.output, new RegExp(`0 ran, ${KEYS} skipped, 0 failed`));
  },
);

test(
  "the plain function of docs/clusters.md is run by workers, and its results are saved",
  options,
  async (t) => {
    const { url } = await place(t);
    const page = readFileSync(new URL("../../docs/clusters.md", import.meta.url), "utf8");
    const text = /^```ts train\.ts\n(.*?)^```/ms.exec(page)?.[1];
    assert(text, "docs/clusters.md has train.ts");
    const module = join(tempFolder(t), "train.ts");
    writeFileSync(module, text);
    startCli(t, ["worker", `${module}#train`, "--store", url, "-j", "2"]);
    const sweep = [
      "sweep",
      `${module}#train`,
      "-g",
      "alpha=0.5",
      "-g",
      "seed=0..2",
      "--store",
      url,
    ];
    const run = startCli(t, [...sweep, "--save", "--engine", "pgboss", "--no-fallback"]);
    assert.equal(await run.ended(), 0, run.output);
    const backend = await openBackend(url);
    const losses = (await backend.load()).map((row) => row["result.loss"] as number);
    await backend.close();
    assert.deepEqual(losses.sort(), [0.5 / 3, 0.25, 0.5]);
  },
);
