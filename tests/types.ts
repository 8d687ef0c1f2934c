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

export async function sweep(): Promise<number> {
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

// Misuses.

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
