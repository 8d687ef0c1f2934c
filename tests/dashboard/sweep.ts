/**
 * A small sweep over the store `sweep.ts <store> <first seed> <last seed>`, some of whose runs fail. The runs of the
 * last seed end after the standard input.
 */
import { once as onceOf } from "node:events";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { expandGrid, once, range, sweep } from "../../mod.ts";
import { learnRates, lossOf, optimizers } from "./sample.ts";

const [store, first, last] = process.argv.slice(2);
const released = onceOf(process.stdin.resume(), "end");
const train = once(
  async ({ lr, optimizer, seed }: { lr: number; optimizer: string; seed: number }) => {
    await (seed === Number(last) ? released : sleep(60));
    if (optimizer === "sgd" && lr === 1) {
      throw new RangeError(`loss is NaN <b onclick=alert(1)>at</b> step ${seed * 10}`);
    }
    return { loss: lossOf(lr, optimizer, seed) };
  },
  { store: store!, save: true, quiet: true, durability: "process" },
);
const grid = expandGrid({
  seed: range(Number(first), Number(last)),
  lr: learnRates,
  optimizer: optimizers,
});
const counts = await sweep(train, grid, { concurrency: 4, onError: "continue" }).done;
console.log(JSON.stringify(counts));
