import assert from "node:assert/strict";
import { test } from "node:test";
import { expandGrid, once, sweep } from "../../mod.ts";
import { tempStore } from "../temp_folder.ts";

test("a misspelt param of a params object is an error, not one run for all of its values", async (t) => {
  const options = { store: tempStore(t), quiet: true };
  const train = once(({ lr, seed }: { lr: number; seed: number }) => lr * seed, options);
  const wrong = expandGrid({ learningRate: [0.1, 0.2], seed: [0, 1] }) as unknown as [];
  await assert.rejects(async () => await sweep(train, wrong), {
    name: "TypeError",
    message: /Cannot sweep train\(\): it has no param "learningRate", only lr, seed/,
  });
  const tuned = once(({ rate = 1, seed }: { rate?: number; seed: number }) => rate * seed, {
    ...options,
    namespace: "tuned",
  });
  const near = expandGrid({ rte: [0.1, 0.2], seed: [0, 1] }) as unknown as [];
  await assert.rejects(async () => await sweep(tuned, near), {
    message: /it has no param "rte"; did you mean "rate"\?/,
  });
});

test("other params pass through next to the fields, defaults and a key that a function has", async (t) => {
  const sizes = (rows: object[]): [] => rows as [];
  const whole = once(({ lr }: { lr: number }) => lr, { store: tempStore(t), quiet: true });
  assert.equal((await sweep(whole, sizes([{ lr: 1, note: "a" }, { lr: 2, note: "b" }]))).ran, 2);
  const given = once(({ lr = 1, seed }: { lr?: number; seed: number }) => lr * seed, {
    store: tempStore(t),
    quiet: true,
  });
  assert.equal((await sweep(given, sizes([{ seed: 1, note: "a" }]))).ran, 1);
  const keyed = once(({ seed, client }: { seed: number; client?: object }) => [seed, client], {
    store: tempStore(t),
    quiet: true,
    key: ["seed"],
  });
  assert.equal((await sweep(keyed, sizes([{ seed: 1, note: "a" }]))).ran, 1);
});
