import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Executor, Job } from "../../core/runs/executor.ts";
import type { Row } from "../../core/values/value.ts";
import { commands, inProcess, workers } from "../../executors/mod.ts";
import { runtimes } from "../runtimes.ts";
import { tempFolder } from "../temp_folder.ts";
import * as jobs from "../workers/jobs.ts";
import { until } from "../until.ts";

const jobsUrl = new URL("../workers/jobs.ts", import.meta.url);
const program = fileURLToPath(new URL("../workers/job_program.ts", import.meta.url));
const { command, args: runtimeArgs } = runtimes.find(({ name }) =>
  name === (process.versions.deno ? "deno" : process.versions.bun ? "bun" : "node")
)!;

type JobName = Exclude<keyof typeof jobs, "noFunction">;

interface MakeOptions {
  readonly concurrency?: number;
  readonly maxMemoryMb?: number;
}

/** An executor under test: what it says of things that it does not do. */
interface UnderTest {
  readonly name: string;
  make(job: JobName, options?: MakeOptions): Executor;
  /** Why its runs cannot be ended, if they cannot. */
  readonly endless?: string;
  /** Why its runs have no process of their own, if they have none. */
  readonly shared?: string;
  /** Why nothing limits their memory, if nothing does. */
  readonly boundless?: string;
}

const underTest: readonly UnderTest[] = [
  {
    name: "inProcess()",
    make: (_, { concurrency } = {}) => inProcess(concurrency === undefined ? {} : { concurrency }),
    endless: "a function in this thread cannot be stopped",
    shared: "the function is in this process",
    boundless: "the function is in this process",
  },
  {
    name: "workers()",
    make: (job, options) => workers(jobsUrl, job, options),
    ...process.versions.bun && process.platform !== "linux" &&
      { boundless: "Bun has no limit, and is watched on Linux only" },
  },
  {
    name: "commands()",
    make: (job, { concurrency = 1 } = {}) =>
      commands([command, ...runtimeArgs, program, job, "{params}"], {
        concurrency,
        killAfter: 200,
      }),
    boundless: "a program's memory is its own business",
  },
];

const never = new AbortController().signal;

function jobOf(name: JobName, params: Row, signal: AbortSignal = never): Job {
  const call = (): unknown => (jobs[name] as (params: unknown) => unknown)(params);
  return { id: "0123456789abcdef", params: { ...params, params }, args: [params], call, signal };
}

function skipped(reason: string | undefined): { skip: string } | Record<never, never> {
  return reason === undefined ? {} : { skip: reason };
}

function sizeOf(file: string): number {
  return existsSync(file) ? readFileSync(file).length : 0;
}

/** Whether a file that something appended to all the time has stopped growing. */
async function isStill(file: string): Promise<boolean> {
  const size = sizeOf(file);
  await new Promise((resolve) => setTimeout(resolve, 200));
  return sizeOf(file) === size;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

for (const { name, make, endless, shared, boundless } of underTest) {
  test(`${name} gives what the function gave, run after run`, async () => {
    const executor = make("double");
    await executor.open?.();
    executor.check?.(jobOf("double", { n: 1 }));
    for (const n of [1, 2, 3]) {
      assert.deepEqual(await executor.run(jobOf("double", { n })), { twice: 2 * n });
    }
    await executor.close?.();
  });

  test(`${name} rejects with what went wrong, and goes on`, async () => {
    const executor = make("fail");
    await executor.open?.();
    for (const code of [1, 2]) {
      await assert.rejects(executor.run(jobOf("fail", { code })), /no such luck/);
    }
    await executor.close?.();
  });

  test(`${name} runs as many jobs at once as it says`, async (t) => {
    const executor = make("meet", { concurrency: 3 });
    assert.equal(executor.concurrency, 3);
    const folder = tempFolder(t);
    await executor.open?.();
    const runs = [1, 2, 3].map((me) => executor.run(jobOf("meet", { folder, me, all: 3 })));
    assert.deepEqual(await Promise.all(runs), [1, 2, 3]);
    await executor.close?.();
  });

  test(`${name} does not begin a job that is aborted`, async (t) => {
    const executor = make("wait");
    const file = join(tempFolder(t), "beats");
    await executor.open?.();
    const signal = AbortSignal.abort(new Error("too late"));
    await assert.rejects(executor.run(jobOf("wait", { file }, signal)), /too late/);
    assert.equal(sizeOf(file), 0);
    await executor.close?.();
  });

  test(`${name} rejects with the reason when a job that waits is aborted`, async (t) => {
    const executor = make("wait");
    const file = join(tempFolder(t), "beats");
    await executor.open?.();
    const abort = new AbortController();
    const run = executor.run(jobOf("wait", { file }, abort.signal));
    void until(() => sizeOf(file) > 0).then(() => abort.abort(new Error("its time is over")));
    await assert.rejects(run, /its time is over/);
    await executor.close?.();
  });

  for (const busy of ["beat", "spin", "beatBelow"] as const) {
    test(
      `${name} ends a job that never would (${busy}) when it is aborted`,
      skipped(endless),
      async (t) => {
        const executor = make(busy);
        const file = join(tempFolder(t), "beats");
        await executor.open?.();
        const abort = new AbortController();
        const run = executor.run(jobOf(busy, { file }, abort.signal));
        void until(() => sizeOf(file) > 0).then(() => abort.abort(new Error("its time is over")));
        await assert.rejects(run, /its time is over/);
        assert(await isStill(file));
        await executor.close?.();
      },
    );
  }

  for (
    const [how, message] of [
      ["exit", /exited with code 3/],
      ["kill", /killed by SIGKILL/],
      ["throw", /nobody catches/],
      ["reject", /nobody waits/],
    ] as const
  ) {
    test(
      `${name} fails the job whose process dies (${how}), and runs the next`,
      skipped(shared),
      async () => {
        const executor = make("die");
        await executor.open?.();
        await assert.rejects(executor.run(jobOf("die", { how })), message);
        await assert.rejects(executor.run(jobOf("die", { how })), message);
        await executor.close?.();
      },
    );
  }

  test(
    `${name} fails the job that takes too much memory, and runs the next`,
    skipped(boundless),
    async () => {
      const executor = make("hoard", { maxMemoryMb: 150 });
      await executor.open?.();
      await assert.rejects(executor.run(jobOf("hoard", {})), /out of memory \(limit 150 MB\)/);
      await assert.rejects(executor.run(jobOf("hoard", {})), /out of memory \(limit 150 MB\)/);
      await executor.close?.();
    },
  );

  test(
    `${name} leaves nothing alive when it is closed, and opens again`,
    skipped(shared),
    async () => {
      const executor = make("pid");
      const pids: unknown[] = [];
      for (let i = 0; i < 2; i++) {
        await executor.open?.();
        const pid = await executor.run(jobOf("pid", {}));
        pids.push(pid);
        await executor.close?.();
        assert(!isAlive(pid as number));
      }
      assert.notEqual(pids[0], pids[1]);
    },
  );
}
