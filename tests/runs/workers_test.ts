import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Job } from "../../core/runs/executor.ts";
import { workers } from "../../executors/mod.ts";
import { missing, runtimes } from "../runtimes.ts";
import { tempFolder } from "../temp_folder.ts";
import { inWorkshop } from "../workers/worker_process.ts";

const jobs = new URL("../workers/jobs.ts", import.meta.url);
const never = new AbortController().signal;

function jobOf(...args: unknown[]): Job {
  return { id: "0123456789abcdef", params: {}, args, call: () => {}, signal: never };
}

test("workers() copies arguments and results whole", async () => {
  const executor = workers(jobs, "echo");
  const args = [
    {
      n: NaN,
      big: 2n ** 70n,
      negative: -0,
      none: null,
      list: [1, undefined, "ä"],
      deep: { a: {} },
    },
    new Date(0),
    new Map([[1, new Set(["a"])]]),
    new Float64Array([0.1, 2]),
    /x/g,
  ];
  executor.check?.(jobOf(...args));
  await executor.open?.();
  assert.deepEqual(await executor.run(jobOf(...args)), args);
  await executor.close?.();
});

test("workers() brings errors back with name, stack, cause and fields", async () => {
  const executor = workers(jobs, "fail");
  await executor.open?.();
  await assert.rejects(executor.run(jobOf({ code: 7 })), (error: RangeError & { code: number }) => {
    assert(error instanceof RangeError);
    assert.equal(error.message, "no such luck");
    assert.equal(error.code, 7);
    assert.match(error.stack ?? "", /jobs\.ts/);
    assert(error.cause instanceof Error && error.cause.message === "bad luck");
    return true;
  });
  await executor.close?.();
});

test("workers() refuses arguments that cannot be sent, and names them", () => {
  const executor = workers(jobs, "echo");
  class Client {}
  const circle: { me?: unknown } = {};
  circle.me = circle;
  executor.check?.(jobOf(circle));
  for (
    const [args, where] of [
      [[{ n: 1, client: () => {} }], "params.client to a worker: it is a function"],
      [[{ a: { list: [1, Symbol("x")] } }], "params.a.list[1] to a worker: it is a symbol"],
      [[{ client: new Client() }], "params.client to a worker: it is an instance of Client"],
      [[1, new Client()], "args[1] to a worker: it is an instance of Client"],
      [[{ map: new Map([[1, () => {}]]) }], "params.map to a worker: it is a function"],
    ] as const
  ) {
    assert.throws(() => executor.check?.(jobOf(...args)), (error: TypeError) => {
      assert(error instanceof TypeError);
      assert(error.message.includes(where), error.message);
      return true;
    });
  }
});

test("workers() rejects a run whose result cannot be sent", async () => {
  const executor = workers(jobs, "giveFunction");
  await executor.open?.();
  const run = executor.run(jobOf());
  await assert.rejects(run, /Cannot send what giveFunction\(\) returned\.give/);
  await executor.close?.();
});

test("workers() fails before anything runs if there is nothing to run", async (t) => {
  const open = async (...args: Parameters<typeof workers>) => await workers(...args).open?.();
  await assert.rejects(
    open(jobs, "dubble"),
    /Cannot run "dubble" of file:.*did you mean "double"\?/,
  );
  await assert.rejects(open(jobs, "noFunction"), /it is no function, once function or Store/);
  const folder = tempFolder(t);
  await assert.rejects(open(join(folder, "none.mjs")), /none\.mjs/);
  await assert.rejects(open(join(folder, "no", "none.mjs")));
  writeFileSync(join(folder, "throws.mjs"), "throw new RangeError('at once')");
  await assert.rejects(open(join(folder, "throws.mjs")), {
    name: "RangeError",
    message: "at once",
  });
  writeFileSync(join(folder, "exits.mjs"), "import p from 'node:process'; p.exit(4)");
  await assert.rejects(open(join(folder, "exits.mjs")), /exited with code 4 while it imported/);
});

test("workers() takes a URL, its text, and a path from the working folder", async () => {
  for (const module of [jobs, jobs.href, relative(process.cwd(), fileURLToPath(jobs))]) {
    const executor = workers(module);
    await executor.open?.();
    assert.deepEqual(await executor.run(jobOf({ n: 4 })), { twice: 8 });
    await executor.close?.();
  }
});

test("workers() runs a module in a folder that has no package or config of its own", async (t) => {
  const module = join(tempFolder(t), "module.ts");
  const mod = new URL("../../mod.ts", import.meta.url).href;
  writeFileSync(
    module,
    `import { once } from "${mod}";\nexport default once((n: number) => n + 1);`,
  );
  const executor = workers(module);
  await executor.open?.();
  assert.equal(await executor.run(jobOf(4)), 5);
  await executor.close?.();
});

test("workers() uses a worker again, and a sweep that ends leaves those of another", async () => {
  const executor = workers(jobs, "pid");
  await executor.open?.();
  await executor.open?.();
  const pid = await executor.run(jobOf());
  await executor.close?.();
  assert.equal(await executor.run(jobOf()), pid);
  await executor.close?.();
});

for (const reason of missing) test("modules that sweep at once", { skip: reason }, () => {});

for (const runtime of runtimes) {
  test(`${runtime.name}: a module that sweeps itself in workers sweeps once`, () =>
    inWorkshop(async ({ folder, start }) => {
      const report = join(folder, "report");
      const store = join(folder, "runs.csv");
      const { ended } = start(runtime, "unguarded_sweep.ts", [store, report]);
      assert.equal(await ended, 0);
      assert.deepEqual(readFileSync(report, "utf8"), '{"sum":91,"here":false}\n');
      assert.equal(readFileSync(store, "utf8").trim().split("\n").length, 7);
    }));

  test(`${runtime.name}: idle workers keep no process alive`, () =>
    inWorkshop(async ({ folder, start }) => {
      const file = join(folder, "pids");
      assert.equal(await start(runtime, "executor_ending.ts", ["idle", file]).ended, 0);
      await gone(file);
    }));

  for (const [how, code] of [["exit", 5], ["throw", 1], ["kill", "SIGKILL"]] as const) {
    test(`${runtime.name}: a process that ends (${how}) takes workers and programs along`, () =>
      inWorkshop(async ({ folder, start }) => {
        const file = join(folder, "pids");
        const options = { stderr: "ignore" } as const;
        const ending = await start(runtime, "executor_ending.ts", [how, file], options).ended;
        assert.equal(ending, code);
        await gone(file);
      }));
  }
}

/** Resolves when the processes in a file are gone, or zombies where nobody collects orphans. */
async function gone(file: string): Promise<void> {
  for (const pid of readFileSync(file, "utf8").trim().split("\n").map(Number)) {
    while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function isRunning(pid: number): boolean {
  const state = `/proc/${pid}/stat`;
  if (existsSync("/proc/self")) {
    return existsSync(state) && !/\) Z /.test(readFileSync(state, "utf8"));
  }
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("a worker refuses a module that sweeps something else when it is imported", async () => {
  const executor = workers(new URL("../workers/unguarded_other.ts", import.meta.url), "square");
  await assert.rejects(
    async () => await executor.open?.(),
    /guard the sweep with if \(import\.meta\.main\)/,
  );
});
