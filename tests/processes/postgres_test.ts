import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openBackend } from "../../mod.ts";
import { type Execution, executionsIn, makeExecutions, pidOf } from "../postgres/executions.ts";
import { makeNetworkNamespace } from "../postgres/network_namespace.ts";
import { postgresSkip } from "../postgres/programs.ts";
import { type Proxy, startProxy } from "../postgres/proxy.ts";
import { type PostgresServer, startServer } from "../postgres/server.ts";
import { rounds } from "../rounds.ts";
import { missing, type Runtime, runtimes } from "../runtimes.ts";
import type { PostgresWork } from "../workers/postgres_worker.ts";
import { inWorkshop, type WorkerProcess, type Workshop } from "../workers/worker_process.ts";

const timeout = 500_000;

/** True in a soak: keys, leases and cuts of a real sweep. Else shorter ones, in the same ratios. */
const IS_LONG = rounds(1) > 1;
const KEYS = IS_LONG ? 2000 : 240;
const LEASE_SECONDS = IS_LONG ? 30 : 3;
const RUN_MS = IS_LONG ? 700 : 300;
const CONCURRENCY = 4;

for (const reason of missing) {
  test("workers of all three runtimes share a Postgres store", { skip: reason }, () => {});
}

const [first, second, third] = [0, 1, 2].map((n) => runtimes[n % runtimes.length]!) as [
  Runtime,
  Runtime,
  Runtime,
];

/** A server with the tables of the workers, and processes that share a store on it. */
interface Fleet {
  readonly server: PostgresServer;
  /** URL of the database, as the superuser. */
  readonly notes: string;
  /** URL of the store, by a proxy's port if one is given. */
  store(port?: number, host?: string): string;
  /** Starts a worker. */
  startWorker(owner: string, runtime: Runtime, work?: Partial<PostgresWork>): WorkerProcess;
  /** Kills a worker: the process of its runtime, whose command can be a shim. */
  kill(owner: string, worker: WorkerProcess): Promise<void>;
  /** Resolves when so many executions have begun. */
  begun(executions: number): Promise<void>;
}

/** Runs a test with a server; ends what it started. */
async function inFleet(
  { start }: Workshop,
  body: (fleet: Fleet) => Promise<void>,
  addresses: readonly string[] = [],
): Promise<void> {
  const server = await startServer({ addresses });
  const notes = server.url();
  const store = (port = server.port, host = "127.0.0.1"): string =>
    server.url({ port, host, params: { lease_seconds: LEASE_SECONDS } });
  try {
    await makeExecutions(notes);
    await body({
      server,
      notes,
      store,
      startWorker(owner, runtime, work = {}) {
        const whole: PostgresWork = {
          store: store(),
          notes,
          owner,
          keys: KEYS,
          runMs: RUN_MS,
          concurrency: CONCURRENCY,
          ...work,
        };
        return start(runtime, "postgres_worker.ts", [JSON.stringify(whole)]);
      },
      async kill(owner, worker) {
        process.kill((await pidOf(notes, owner))!, "SIGKILL");
        await worker.ended;
      },
      async begun(executions) {
        while ((await executionsIn(notes)).length < executions) await sleep(50);
      },
    });
  } finally {
    await server.end();
  }
}

/** Asserts that each key has one row, with its value. */
async function checkRows({ store }: Fleet, keys: number): Promise<void> {
  const backend = await openBackend(store());
  const rows = await backend.load();
  await backend.close();
  const values = rows.map(({ n, result }) => [n, result]).sort((a, b) =>
    Number(a[0]) - Number(b[0])
  );
  assert.deepEqual(values, Array.from({ length: keys }, (_, n) => [n, n * n]));
}

/** Returns the executions by key. */
function byKey(executions: readonly Execution[]): Map<number, string[]> {
  const owners = new Map<number, string[]>();
  for (const { n, owner } of executions) owners.set(n, [...owners.get(n) ?? [], owner]);
  return owners;
}

/** Asserts that no key was executed twice. */
async function checkOnce({ notes }: Fleet, keys: number): Promise<void> {
  const owners = byKey(await executionsIn(notes));
  assert.deepEqual([...owners].filter(([, names]) => names.length > 1), []);
  assert.equal(owners.size, keys);
}

test(
  `${KEYS} keys are recorded once each through kills, cut connections and restarts of Postgres; only killed and cut workers repeat some`,
  { timeout, skip: postgresSkip },
  (t) =>
    inWorkshop(async (workshop) => {
      const network = makeNetworkNamespace();
      if (typeof network === "string") t.diagnostic(network);
      const apart = typeof network === "string" ? undefined : network;
      const host = apart?.host ?? "127.0.0.1";
      const proxies: Proxy[] = [];
      try {
        await inFleet(workshop, async (fleet) => {
          const { server, notes, startWorker } = fleet;
          const short = await startProxy(server.port);
          const long = await startProxy(server.port, { host });
          const direct = await startProxy(server.port, { host });
          proxies.push(short, long, direct);

          const party = 4;
          const killed = startWorker("killed", first, { party });
          const dying = startWorker("dying", second, { party, diesAfter: KEYS / 20 });
          const cutShort = startWorker("cut short", third, {
            party,
            store: fleet.store(short.port),
          });
          const cutLong = startWorker("cut long", apart?.inside(third) ?? third, {
            party,
            store: fleet.store(long.port, host),
            notes: server.url({ host, port: direct.port }),
          });
          await fleet.begun(KEYS / 8);
          await fleet.kill("killed", killed);
          assert.equal(await dying.ended, "SIGKILL");
          const others = [startWorker("second", first), startWorker("third", second)];
          short.cut();
          long.cut();
          const healed = [sleep(LEASE_SECONDS * 2 / 3 * 1000).then(() => short.heal())];
          healed.push(sleep(LEASE_SECONDS * 2 * 1000).then(() => long.heal()));
          await fleet.begun(KEYS / 3);
          await server.restart("fast");
          await fleet.begun(KEYS / 2);
          await server.restart("immediate");
          await Promise.all(healed);
          const all = [cutShort, cutLong, ...others];
          assert.deepEqual(await Promise.all(all.map(({ ended }) => ended)), [0, 0, 0, 0]);

          await checkRows(fleet, KEYS);
          const owners = byKey(await executionsIn(notes));
          assert.equal(owners.size, KEYS);
          const repeats: Record<string, number> = {};
          for (const [n, names] of owners) {
            const healthy = names.filter((name) => name === "second" || name === "third");
            assert(healthy.length <= 1, `key ${n} was executed by ${names}`);
            if (names.length > 1) repeats[`${names}`] = (repeats[`${names}`] ?? 0) + 1;
          }
          t.diagnostic(`repeated: ${JSON.stringify(repeats)}`);
          const sum = Object.values(repeats).reduce((sum, count) => sum + count, 0);
          assert(sum <= 4 * CONCURRENCY, "only what was under way is repeated");
        });
      } finally {
        for (const proxy of proxies) await proxy.close();
        await apart?.end();
      }
    }),
);

test(
  "no key is executed twice while a worker blocks its event loop for twice its lease",
  { timeout, skip: postgresSkip },
  () =>
    inWorkshop((workshop) =>
      inFleet(workshop, async (fleet) => {
        const blocks = { execution: 5, ms: LEASE_SECONDS * 2000 };
        const workers = [first, second, third].map((runtime, n) =>
          fleet.startWorker(`worker ${n}`, runtime, { party: 3, keys: KEYS / 4, blocks })
        );
        assert.deepEqual(await Promise.all(workers.map(({ ended }) => ended)), [0, 0, 0]);
        await checkRows(fleet, KEYS / 4);
        await checkOnce(fleet, KEYS / 4);
      })
    ),
);

test(
  "no key is executed twice when connections are reset",
  { timeout, skip: postgresSkip },
  () =>
    inWorkshop((workshop) =>
      inFleet(workshop, async (fleet) => {
        const proxy = await startProxy(fleet.server.port);
        const workers = [first, second, third].map((runtime, n) =>
          fleet.startWorker(`worker ${n}`, runtime, {
            party: 3,
            keys: KEYS / 2,
            ...n < 2 && { store: fleet.store(proxy.port) },
          })
        );
        for (let resets = 1; resets <= 5; resets++) {
          await fleet.begun(KEYS * resets / 14);
          proxy.reset();
        }
        assert.deepEqual(await Promise.all(workers.map(({ ended }) => ended)), [0, 0, 0]);
        await proxy.close();
        await checkRows(fleet, KEYS / 2);
        await checkOnce(fleet, KEYS / 2);
      })
    ),
);

test(
  "no key is executed twice when Postgres is restarted",
  { timeout, skip: postgresSkip },
  () =>
    inWorkshop((workshop) =>
      inFleet(workshop, async (fleet) => {
        const workers = [first, second, third].map((runtime, n) =>
          fleet.startWorker(`worker ${n}`, runtime, { party: 3, keys: KEYS / 2 })
        );
        for (const [n, mode] of (["fast", "immediate", "fast"] as const).entries()) {
          await fleet.begun(KEYS * (n + 1) / 10);
          await fleet.server.restart(mode);
        }
        assert.deepEqual(await Promise.all(workers.map(({ ended }) => ended)), [0, 0, 0]);
        await checkRows(fleet, KEYS / 2);
        await checkOnce(fleet, KEYS / 2);
      })
    ),
);

test(
  "others take over from a worker whose cable is unplugged for good",
  {
    timeout,
    skip: postgresSkip || !IS_LONG && "in a soak: the server notices it after half a minute",
  },
  (t) =>
    inWorkshop(async (workshop) => {
      const network = makeNetworkNamespace();
      if (typeof network === "string") return t.skip(network);
      try {
        await inFleet(workshop, async (fleet) => {
          const store = fleet.store(undefined, network.host);
          const notes = fleet.server.url({ host: network.host });
          const [party, keys] = [2, KEYS / 10];
          const gone = fleet.startWorker("gone", network.inside(first), {
            store,
            notes,
            party,
            keys,
          });
          const other = fleet.startWorker("other", second, { party, keys });
          await fleet.begun(keys / 4);
          network.plug(false);
          assert.equal(await other.ended, 0);
          await checkRows(fleet, keys);
          const owners = byKey(await executionsIn(fleet.notes));
          const repeated = [...owners.values()].filter((names) => names.length > 1);
          for (const names of repeated) assert.deepEqual(names, ["gone", "other"]);
          assert(repeated.length <= CONCURRENCY);
          await fleet.kill("gone", gone);
        }, [network.host]);
      } finally {
        await network.end();
      }
    }),
);
