import { keyOf, keyShape } from "../core/key.ts";
import { once, openBackend } from "../mod.ts";
import { allSizes, type Group } from "./group.ts";
import { compare, type Measurement } from "./measure.ts";
import { makeStore, type Params, paramsAt, removeStore, someParams } from "./sample_store.ts";

const target = { of: "value", is: "≤", limit: 2 } as const;

/** Looks that hit, on a key of three columns, in random order over the whole store. */
export const look: Group = {
  name: "look",
  sizes: allSizes,
  async measure(rows, { folder, sampling }): Promise<Measurement[]> {
    const store = makeStore(folder, rows);
    const backend = await openBackend(store);
    const some = someParams(rows, 100_000);
    const shape = keyShape(["alpha", "seed", "model"]);
    const keys = some.map((params) => keyOf(shape, params));
    const texts = some.map(textOf);
    const all = new Map<string, number>();
    for (let i = 0; i < rows; i++) all.set(textOf(paramsAt(i)), i);
    const call = once(({ alpha, seed, model }: Params) => {
      throw new Error(`Cannot measure: ${alpha}, ${seed}, ${model} was not found`);
    }, { store: backend, quiet: true });

    /** A loop over the sample, on from where it was left. */
    function looking(isFound: (i: number) => unknown): (times: number) => Promise<void> {
      let i = 0;
      return async (times): Promise<void> => {
        for (let n = 0; n < times; n++) {
          if (i === some.length) i = 0;
          if (await isFound(i++) === false) throw new Error("Cannot measure: a row was not found");
        }
      };
    }

    const taken = await compare({
      hasKey: looking((i) => backend.hasKey!(keys[i]!)),
      has: looking((i) => backend.has(some[i]!)),
      once: looking((i) => call(some[i]!)),
      text: looking((i) => all.has(texts[i]!)),
      params: looking((i) => all.has(textOf(some[i]!))),
    }, sampling);
    await backend.close();
    removeStore(store);
    const ready = { what: "Map.has, text at hand", value: taken.text };
    const joined = { what: "Map.has, text joined", value: taken.params };
    return [
      { what: "look: hasKey(key)", rows, unit: "µs", stet: taken.hasKey, raw: ready, target },
      { what: "look: has(columns)", rows, unit: "µs", stet: taken.has, raw: joined, target },
      { what: "look: skipped call of once", rows, unit: "µs", stet: taken.once, raw: joined },
    ];
  },
};

function textOf({ alpha, seed, model }: Params): string {
  return `${alpha},${seed},${model}`;
}
