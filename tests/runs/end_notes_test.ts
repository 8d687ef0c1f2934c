import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { MemoryBackend } from "../../backends/mod.ts";
import {
  expandGrid,
  httpRetry,
  once,
  type OnceOptions,
  range,
  sweep,
  type SweepOptions,
} from "../../mod.ts";
import { runtimes } from "../runtimes.ts";
import { tempFolder, tempStore } from "../temp_folder.ts";
import { warningsOf } from "../warnings_of.ts";

const own = runtimes.find(({ command }) => command === process.execPath)!;
const library = new URL("../../mod.ts", import.meta.url).href;
const seeds = expandGrid({ seed: range(0, 3) });

/** A function that fails for odd seeds. */
function failing(options: OnceOptions<never> = {}) {
  return once(({ seed }: { seed: number }): void => {
    if (seed % 2 === 1) throw new RangeError(`${seed} is odd\nand more`);
  }, { store: new MemoryBackend(), name: "train", ...options });
}

test("an awaited sweep says once how many runs failed, why, and where to look", async (t) => {
  const store = tempStore(t);
  const train = failing({ store });
  const lines = await warningsOf(async () => await sweep(train, seeds));
  assert.deepEqual(lines, [
    `[stet] 2 runs of train() failed, the first: RangeError: 1 is odd; see stet failures ${store}`,
  ]);
  const [one] = await warningsOf(async () => await sweep(failing(), [{ seed: 1 }]).done);
  assert.equal(one, "[stet] 1 run of train() failed: RangeError: 1 is odd");
  await train.close();
});

test("a throttled sweep without retry is pointed to httpRetry", async () => {
  const throttled = once((_: { n: number }) => {
    throw new Error("429 Too Many Requests");
  }, { store: new MemoryBackend(), name: "ask" });
  const line = "[stet] 1 run of ask() failed: 429 Too Many Requests";
  const plain = await warningsOf(() => sweep(throttled, [{ n: 1 }]).done);
  assert.deepEqual(plain, [`${line}; retry: httpRetry waits and tries again`]);
  const options = { retry: httpRetry, retries: 0 };
  assert.deepEqual(await warningsOf(() => sweep(throttled, [{ n: 1 }], options).done), [line]);
});

test("a sweep says nothing of failures to a loop, to a quiet function, or where none failed", async () => {
  const loop = async (): Promise<void> => {
    for await (const _ of sweep(failing(), seeds));
  };
  assert.deepEqual(await warningsOf(loop), []);
  assert.deepEqual(await warningsOf(() => sweep(failing({ quiet: true }), seeds).done), []);
  assert.deepEqual(await warningsOf(() => sweep(failing(), [{ seed: 2 }]).done), []);
  const logged: string[] = [];
  const log = (line: string): void => void logged.push(line);
  assert.deepEqual(await warningsOf(() => sweep(failing(), seeds, { log }).done), []);
  assert.match(logged.join(), /2 runs of train\(\) failed/);
});

type Lines = (options: SweepOptions) => Promise<unknown>;

const store = (): OnceOptions<never> => ({ store: new MemoryBackend(), name: "train" });
const wrong = (rows: object): never => rows as never;

test("a sweep says which params made no difference", async () => {
  const tuned = ({ lr, seed = 0 }: { lr: number; seed?: number }): number => lr * seed;
  const opaque = (p: { lr: number; seed: number }): number => p.lr * p.seed;
  const grid = expandGrid({ lr: [1, 2], seed: range(0, 3) });
  const cases: [what: string, lines: Lines, line: string | undefined][] = [
    [
      "a param of another name than the one with a default",
      (o) => sweep(once(tuned, store()), wrong(expandGrid({ lr: [1, 2], random: [0, 1] })), o).done,
      '[stet] 4 combinations are 2 runs of train(): "random" is not in its key (lr, seed)',
    ],
    [
      "an axis outside of the key",
      (o) => sweep(once(opaque, { ...store(), key: ["lr"] as never }), grid, o).done,
      '[stet] 8 combinations are 2 runs of train(): "seed" is not in its key (lr)',
    ],
    [
      "an argument outside of the key",
      (o) =>
        sweep(
          once((a: number, b: number) => a * b, { ...store(), key: ["a"] as never }),
          wrong([[1, 2], [1, 3]]),
          o,
        )
          .done,
      '[stet] 2 combinations are 1 run of train(): "b" is not in its key (a)',
    ],
    ["all in the key", (o) => sweep(once(opaque, store()), grid, o).done, undefined],
    [
      "equal params",
      (o) => sweep(once(tuned, store()), [{ lr: 1 }, { lr: 1, seed: 0 }], o).done,
      undefined,
    ],
    [
      "a param outside of the key, of different runs",
      (o) =>
        sweep(once(tuned, store()), wrong([{ lr: 1, note: "a" }, { lr: 2, note: "b" }]), o).done,
      undefined,
    ],
  ];
  for (const [what, lines, line] of cases) {
    const logged: string[] = [];
    await lines({ log: (text) => logged.push(text) });
    assert.deepEqual(logged, line === undefined ? [] : [line], what);
  }
});

test("a sweep that is neither awaited nor iterated over is reported at the end of the process", (t) => {
  const folder = tempFolder(t);
  const program = (line: string): string => {
    fs.writeFileSync(
      join(folder, "sweep.ts"),
      `import { once, sweep } from ${JSON.stringify(library)};
const train = once(({ n }: { n: number }) => n * n, { store: "runs.csv" });
const sweeping = sweep(train, [{ n: 1 }]);
${line}
`,
    );
    const options = { cwd: folder, encoding: "utf8" } as const;
    return spawnSync(own.command, [...own.args, "sweep.ts"], options).stderr;
  };
  assert.equal(
    program(""),
    "[stet] Nothing was run: a sweep of train() was neither awaited nor iterated over; write " +
      "await sweep(…)\n",
  );
  assert.equal(program("await sweeping;"), "");
  assert.equal(program("process.exit(4);"), "");
});
