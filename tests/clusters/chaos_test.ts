import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startProxy } from "../postgres/proxy.ts";
import { startServer } from "../postgres/server.ts";
import { rounds } from "../rounds.ts";
import { runtimes } from "../runtimes.ts";
import { tempFolder } from "../temp_folder.ts";
import { until } from "../until.ts";
import { executionsIn, runsModule, startCli, startWorker } from "./cluster_worker.ts";
import { clusterSkip, numbers, rowsIn, swept } from "./on_cluster.ts";

/** Number of keys of 1 ms; 40,000 in a soak. */
const KEYS = rounds(8_000);
/** Duration of the cut: shorter than the lease of claims. */
const CUT_MS = 20_000;

test(
  "of four workers one is killed, one is cut off for 20 s, the server restarts and the coordinator is killed: " +
    "each key is recorded once, and only those two workers repeat runs",
  { timeout: 600_000, skip: clusterSkip },
  async (t) => {
    const server = await startServer();
    const proxy = await startProxy(server.port);
    t.after(async () => {
      await proxy.close();
      await server.end();
    });
    const url = server.url();
    const folder = tempFolder(t);
    const workers = ["killed", "cut", "whole", "another"].map((owner, i) =>
      startWorker(t, {
        url: owner === "cut" ? server.url({ port: proxy.port }) : url,
        folder,
        owner,
        runtime: runtimes[i % runtimes.length]!,
        jobs: 1,
      })
    );
    await until(() => workers.every(({ output }) => output.includes("Waiting for runs")));

    const coordinator = startCli(t, [
      ...["sweep", `${runsModule}#square`, "-g", `n=0..${KEYS - 1}`, "-g", "ms=1"],
      ...["--store", url, "--engine", "pgboss", "--no-fallback"],
    ]);
    let executions = executionsIn(folder);
    while (executions.length < KEYS / 8 || new Set(executions.map(({ owner }) => owner)).size < 4) {
      assert.equal(coordinator.ending, undefined, coordinator.output);
      await sleep(50);
      executions = executionsIn(folder);
    }
    const start = performance.now();
    proxy.cut();
    // A runtime's command can be a shell script: the worker itself is killed.
    process.kill(executions.find(({ owner }) => owner === "killed")!.pid, "SIGKILL");
    coordinator.kill("SIGKILL");
    const sweeping = swept(url, numbers(KEYS, 1));
    await sleep(1_000);
    await server.restart("fast");
    await sleep(start + CUT_MS - performance.now());
    proxy.heal();
    const outcomes = await sweeping;
    const seconds = (performance.now() - start) / 1000;

    assert.equal(outcomes.size, KEYS);
    for (const [n, outcome] of outcomes) {
      assert(outcome.status === "ran" || outcome.status === "skipped");
      assert.equal(outcome.value, n * n);
    }
    const rows = await rowsIn(url);
    assert.equal(rows.size, KEYS);
    assert.deepEqual(new Set(rows.values()), new Set([1]));
    const owners = new Map<number, string[]>();
    for (const { n, owner } of executionsIn(folder)) owners.set(n, [...owners.get(n) ?? [], owner]);
    const repeated = [...owners.values()].filter(({ length }) => length > 1);
    for (const each of repeated) {
      const whole = each.filter((owner) => owner !== "killed" && owner !== "cut");
      assert(whole.length <= 1, `a key was run by ${each.join(", ")}`);
    }
    t.diagnostic(
      `${KEYS} keys, ${repeated.length} repeated, ${seconds.toFixed(1)} s after the kills`,
    );
    assert(workers.slice(1).every(({ ending }) => ending === undefined));
  },
);
