/**
 * Programs of users, and their misuses, for the type checker: nothing here runs. `deno check` must
 * accept the programs and refuse each misuse, which `@ts-expect-error` turns into an error if it does
 * not.
 *
 * @module
 */

import {
  expandGrid,
  once,
  type Outcome,
  range,
  ResultError,
  sampleGrid,
  status,
  Store,
  type StoreParams,
  type StoreRecord,
  sweep,
  workers,
  zipGrid,
} from "../mod.ts";

// A sweep over hyper-parameters, described by an interface.

interface Hyper {
  alpha: number;
  layers: readonly number[];
  seed: number;
  note?: string;
}

const train = once(({ alpha, layers, seed }: Hyper) => {
  return { loss: alpha * layers.length, seed };
}, { store: "runs.csv", key: ["alpha", "layers", "seed"], defaults: { note: "" }, save: true });

export async function loop(): Promise<number> {
  let best = Infinity;
  for (const alpha of [0.1, 0.5]) {
    for (let seed = 0; seed < 3; seed++) {
      const result = await train({ alpha, layers: [16, 16], seed });
      if (result) best = Math.min(best, result.loss);
    }
  }
  const { count, lastRun } = await train.status();
  return lastRun === undefined ? count : best;
}

// An LLM eval: prompts × models × seeds, the client passed through.

interface Client {
  complete(model: string, prompt: string): Promise<string>;
}

interface Prompt {
  readonly model: "small" | "large";
  readonly prompt: string;
  readonly seed: number;
}

const ask = once({ key: ["model", "prompt", "seed"], store: "answers.csv", save: true })(
  async ({ model, prompt }: Prompt, client: Client) => {
    const answer = await client.complete(model, prompt);
    return { answer, length: answer.length };
  },
);

export async function evaluate(client: Client): Promise<string[]> {
  const answers: string[] = [];
  for (const model of ["small", "large"] as const) {
    const outcome = await ask.outcome({ model, prompt: "Why?", seed: 1 }, client);
    if (outcome.status === "failed") {
      if (outcome.error instanceof ResultError) console.error(outcome.error.value);
    } else if (outcome.status !== "busy" && outcome.value) {
      answers.push(outcome.value.answer.toUpperCase());
    }
  }
  return answers;
}

// A back-fill over dates: nothing to save.

const backFill = once(async (day: Date, table: string): Promise<void> => {
  await Promise.resolve(`${table} ${day.toISOString()}`);
}, { store: new URL("days.csv", import.meta.url), onBusy: "wait", durability: "process" });

export async function fillYear(): Promise<void> {
  for (let day = 0; day < 365; day++) {
    const done: void | undefined = await backFill(new Date(Date.UTC(2026, 0, 1 + day)), "orders");
    if (done === undefined) continue;
  }
  if (await backFill.has(new Date(), "orders")) await backFill.reset(new Date(), "orders");
}

// Methods, whose callers expect no value always.

export class Lab {
  readonly results: number[] = [];

  @once
  measure(alpha: number): void {
    this.results.push(alpha);
  }

  @once({ key: ["seed"], namespace: "train", quiet: true })
  async train(params: { seed: number; workers: number }): Promise<void> {
    await Promise.resolve(params.workers);
  }

  @once({ store: "maybe.csv", save: true })
  maybe(seed: number): Promise<number | undefined> {
    return Promise.resolve(seed);
  }
}

// Positional arguments, and native functions named by hand.

const power = once(function power(base: number, exponent: number, ..._more: string[]): number {
  return base ** exponent;
});
const largest = once(Math.max, { paramNames: ["a", "b"], key: ["a", "b"] });

export async function positional(): Promise<number> {
  const a: number | undefined = await power(2, 10);
  const outcome: Outcome<number> = await power.outcome(2, 10, "more");
  const summary = await status("runs.csv", { quiet: true });
  return (a ?? 0) + ("value" in outcome ? outcome.value ?? 0 : 0) + summary.count +
    (await largest(1, 2) ?? 0);
}

// Grids, whose combinations have the types of their axes.

export function grids(): ("a" | "b")[] {
  const grid = expandGrid({ alpha: [0.1, 0.5], model: ["a", "b"] as const, seed: range(0, 9) });
  for (const { alpha, model, seed } of grid) train({ alpha, layers: [1], note: model, seed });
  for (const { day, n } of zipGrid({ day: [new Date()], n: new Set([1]) })) day.setDate(n);
  const drawn = sampleGrid({ lr: { logUniform: [1e-4, 0.1] }, model: ["a"] }, 10, 42);
  for (const { lr, model } of drawn) model.padEnd(lr);
  return grid.filter(({ alpha }) => alpha > 0.1).map(({ model }) => model).toArray();
}

// Records with result files, their params declared.

const simulations = new Store({
  runner: async ({ n, dt, label, resultFile, git_sha }) => {
    const steps: number = n / dt;
    const title: string = label ?? `${steps}`;
    await Promise.resolve([resultFile.toUpperCase(), title.length, String(git_sha)]);
  },
  columns: { n: "integer", dt: "real", label: "text?", flag: "boolean?", cfg: "json?" },
  store: "sqlite:///sims.sqlite3",
  fileSuffix: ".csv",
});

export async function simulate(): Promise<number> {
  const record = await simulations.runOrRetrieve({ n: 1, dt: 0.1 }, { git_sha: "abc" });
  const dt: number = record.dt;
  const label: string | null = record.label;
  const flag: boolean | null = record.flag;
  const when: Date = record.createdAt;
  const found: typeof record | undefined = await simulations.retrieve(record.id);
  await simulations.run(record); // a record is its own params
  await simulations.retrieve({ n: 1, dt, label, cfg: { layers: [1, 2] } });
  await simulations.delete({ id: record.id }, { removeFile: true });
  await simulations.patch({ n: 1, dt }, { label: null, customData: { note: null } });
  for await (const { n } of simulations.find({ dt: 0.1 })) n.toFixed();
  const grid = expandGrid({ n: range(0, 9), dt: [0.1, 0.2] });
  const records = await simulations.sweep(grid, { concurrency: 2 });
  return records.reduce((sum, { dt }) => sum + dt, when.getTime() + (found?.n ?? 0)) +
    (label?.length ?? 0) + Number(flag);
}

const columns = { alpha: "real", seed: "integer" } as const;
type Fit = StoreParams<typeof columns>;

export function best(records: readonly StoreRecord<typeof columns>[]): Fit | undefined {
  return records.map(({ alpha, seed }) => ({ alpha, seed })).find(({ alpha }) => alpha > 0);
}

// Sweeps: of params objects, of arguments and of their names, of records.

export async function sweeps(): Promise<number> {
  const grid = expandGrid({ alpha: [0.1], layers: [[1]], seed: range(0, 9) });
  let sum = 0;
  const executor = workers(import.meta.url, "train");
  for await (const outcome of sweep(train, grid, { executor, retries: 2, timeout: 60_000 })) {
    if (outcome.status === "failed") throw outcome.error;
    if (outcome.status !== "busy") sum += outcome.value?.loss ?? 0;
  }
  await sweep(power, [[2, 10], [2, 11, "more"]]).done;
  const { ran, stopped } = await sweep(power, [{ base: 2, exponent: 12 }], { perSecond: 2 }).done;
  for await (const outcome of sweep(simulations, [{ n: 1, dt: 0.1 }])) {
    if (outcome.status === "ran") sum += outcome.value!.dt;
  }
  return stopped === "deadline" ? sum : ran;
}

// Without columns, params are any object, and what comes back is to be checked.

interface Free {
  alpha: number;
}

export async function anyParams(free: Free): Promise<string> {
  const store = new Store({ runner: ({ id, resultFile }) => `${id} ${resultFile}` });
  const record = await store.runOrRetrieve(free);
  const alpha: unknown = record["alpha"];
  return `${record.resultFile} ${record.createdAt.toISOString()} ${String(alpha)}`;
}

// Misuses.

// @ts-expect-error -- a misspelt param in a sweep
void sweep(train, [{ alpha: 0.1, layers: [1], sed: 1 }]);

// @ts-expect-error -- an argument too few in a sweep
void sweep(power, [[2]]);

// @ts-expect-error -- a misspelt param in a sweep of records
void sweep(simulations, [{ n: 1, dt: 0.1, labl: "a" }]);

// @ts-expect-error -- a sweep of a function that once() has not wrapped
void sweep(Math.max, [[1, 2]]);

// @ts-expect-error -- an unknown word for onError
void sweep(power, [[2, 10]], { onError: "panic" });

// @ts-expect-error -- a misspelt param
simulations.runOrRetrieve({ n: 1, dt: 0.1, lable: "a" });

// @ts-expect-error -- a misspelt param in place of one that must be there
simulations.run({ n: 1, td: 0.1 });

// @ts-expect-error -- a missing param
simulations.sweep([{ n: 1 }]);

// @ts-expect-error -- a param of another type
simulations.retrieve({ n: 1, dt: "0.1" });

// @ts-expect-error -- null in a column that may not be null
simulations.run({ n: null, dt: 0.1 });

// @ts-expect-error -- a misspelt column in a patch
simulations.patch("0123456789abcdef", { lable: "a" });

// @ts-expect-error -- a column of an unknown type
new Store({ runner: () => {}, columns: { n: "int" } });

// @ts-expect-error -- a Store without a runner
new Store({ columns: { n: "integer" } });

export async function misuseRecord(): Promise<string> {
  const record = await simulations.runOrRetrieve({ n: 1, dt: 0.1 });
  // @ts-expect-error -- a misspelt column
  record.lable;
  // @ts-expect-error -- a nullable column may be null
  return record.label;
}

// @ts-expect-error -- text as an axis
expandGrid({ model: "ab" });

// @ts-expect-error -- one value as an axis
zipGrid({ alpha: 0.1 });

// @ts-expect-error -- a misspelt distribution
sampleGrid({ alpha: { unifrom: [0, 1] } }, 10, 42);

for (const combination of expandGrid({ alpha: [0.1, 0.5] })) {
  // @ts-expect-error -- a misspelt axis
  combination.alhpa;
}

// @ts-expect-error -- a misspelt name in the key
once(({ alpha, seed }: Hyper) => alpha * seed, { key: ["alhpa"] });

// @ts-expect-error -- a misspelt name in the key, options first
once({ key: ["alpha", "sead"] })(({ alpha, seed }: Hyper) => alpha * seed);

export async function misuseResult(): Promise<number> {
  const result = await train({ alpha: 0.1, layers: [], seed: 1 });
  // @ts-expect-error -- a skipped call may give no result
  return result.loss;
}

export class MisusedLab {
  // @ts-expect-error -- a skipped call would give undefined to callers who expect a number
  @once
  measure(alpha: number): Promise<number> {
    return Promise.resolve(alpha);
  }

  // @ts-expect-error -- the wrapper gives a promise to callers who expect a number
  @once({ quiet: true })
  compute(alpha: number): number {
    return alpha;
  }
}

// @ts-expect-error -- an unknown option
once((alpha: number) => alpha, { stor: "runs.csv" });

// @ts-expect-error -- an unknown word for onBusy
once((alpha: number) => alpha, { onBusy: "block" });

// @ts-expect-error -- a misspelt param
train({ alhpa: 0.1, layers: [], seed: 1 });

// @ts-expect-error -- a param of another type
train({ alpha: "0.1", layers: [], seed: 1 });

// @ts-expect-error -- an argument too few
power(2);

// What happens where a row of another source would answer.

export const edited = once(({ seed }: { seed: number }) => seed, {
  onChange: "rerun",
  version: "2",
});
// @ts-expect-error: no such choice
once(({ seed }: { seed: number }) => seed, { onChange: "warning" });
// @ts-expect-error: a version is a text
once(({ seed }: { seed: number }) => seed, { version: 2 });
