import { keyOf, keyShape } from "../core/keys/key.ts";
import { once } from "../mod.ts";
import { openEngine } from "../tests/open_engine.ts";
import { allSizes, type Group } from "./group.ts";
import { compare, type Measurement } from "./measure.ts";
import { openRaw } from "./sample_database.ts";
import { type Params, paramsAt, someParams } from "./sample_rows.ts";
import { formats, makeStore, removeStore } from "./sample_store.ts";

/** Looks that hit, on a key of three columns, in random order over the whole store. */
export const look: Group = {
  name: "look",
  sizes: allSizes,
  formats,
  async measure(rows, { folder, sampling, format }): Promise<Measurement[]> {
    const store = makeStore(folder, rows, format);
    const backend = await openEngine(store);
    const some = someParams(rows, 100_000);
    const shape = keyShape(["alpha", "seed", "model"]);
    const keys = some.map((params) => keyOf(shape, params));
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

    const raw = format === ".sqlite" ? rawStatement(store, some) : rawMap(rows, some);
    const taken = await compare({
      hasKey: looking((i) => backend.hasKey(keys[i]!)),
      has: looking((i) => backend.has(some[i]!)),
      once: looking((i) => call(some[i]!)),
      ready: looking(raw.hasReady),
      joined: looking(raw.has),
    }, sampling);
    raw.close();
    await backend.close();
    removeStore(store);
    const [ready, joined] = raw.what;
    const target = format === ".sqlite"
      ? { of: "ratio", is: "≤", limit: 1.5 } as const
      : { of: "value", is: "≤", limit: 2 } as const;
    return [
      {
        what: "look: hasKey(key)",
        rows,
        unit: "µs",
        stet: taken.hasKey,
        raw: { what: ready, value: taken.ready },
        target,
      },
      {
        what: "look: has(columns)",
        rows,
        unit: "µs",
        stet: taken.has,
        raw: { what: joined, value: taken.joined },
        target,
      },
      {
        what: "look: skipped call of once",
        rows,
        unit: "µs",
        stet: taken.once,
        raw: { what: joined, value: taken.joined },
      },
    ];
  },
};

/** The look of a program without stet for params of the sample. */
interface RawLook {
  /** SQL of `hasReady` and `has`. */
  readonly what: readonly [string, string];
  /** With all at hand that does not change. */
  hasReady(i: number): boolean;
  has(i: number): boolean;
  close(): void;
}

function rawMap(rows: number, some: readonly Params[]): RawLook {
  const all = new Map<string, number>();
  for (let i = 0; i < rows; i++) all.set(textOf(paramsAt(i)), i);
  const texts = some.map(textOf);
  return {
    what: ["Map.has, text at hand", "Map.has, text joined"],
    hasReady: (i) => all.has(texts[i]!),
    has: (i) => all.has(textOf(some[i]!)),
    close: () => all.clear(),
  };
}

/** On the same file, in the same journal mode. */
function rawStatement(store: string, some: readonly Params[]): RawLook {
  const db = openRaw(store);
  const has = (i: number): boolean => db.has(some[i]!);
  return {
    what: ["prepared SELECT 1", "prepared SELECT 1"],
    hasReady: has,
    has,
    close: () => db.close(),
  };
}

function textOf({ alpha, seed, model }: Params): string {
  return `${alpha},${seed},${model}`;
}
