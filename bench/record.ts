import { openBackend } from "../mod.ts";
import { allSizes, type Group, type Setting } from "./group.ts";
import { compare, type Measurement } from "./measure.ts";
import { openRaw } from "./sample_database.ts";
import { paramsAt } from "./sample_rows.ts";
import { formats, makeStore, removeStore } from "./sample_store.ts";
import { textRecorder } from "./sample_text.ts";

/** Records, one after another, each awaited, in a store whose rows are indexed. */
export const record: Group = {
  name: "record",
  sizes: allSizes,
  formats,
  async measure(rows, setting): Promise<Measurement[]> {
    const power = await measureDurability("power", rows, setting);
    const process = await measureDurability("process", rows, setting);
    const ratio = { of: "ratio", is: "≤", limit: 1.5 } as const;
    const limit = setting.runtime === "deno" ? 25 : 10;
    return [
      { ...power, target: ratio },
      {
        ...process,
        target: setting.format === ".sqlite" ? ratio : { of: "value", is: "≤", limit },
      },
    ];
  },
};

async function measureDurability(
  durability: "power" | "process",
  rows: number,
  { folder, sampling, format }: Setting,
): Promise<Measurement> {
  const store = makeStore(folder, rows, format);
  const copy = makeStore(folder, rows, format);
  const backend = await openBackend(store, { durability });
  await backend.has(paramsAt(0)); // makes the index, which records keep up to date
  const raw = rawRecorder(copy, rows, durability, format);
  let next = rows;
  const taken = await compare({
    async stet(times): Promise<void> {
      for (let n = 0; n < times; n++) await backend.record(paramsAt(next++));
    },
    raw(times): void {
      for (let n = 0; n < times; n++) raw.record();
    },
  }, sampling);
  raw.close();
  await backend.close();
  removeStore(store);
  removeStore(copy);
  return {
    what: `record: durability ${durability}`,
    rows,
    unit: "µs",
    stet: taken.stet,
    raw: { what: raw.what, value: taken.raw },
  };
}

/** A writer of rows without stet. */
export interface RawRecorder {
  readonly what: string;
  record(): void;
  close(): void;
}

/** The least that any program must do to add a row to a store of `rows` rows. */
export function rawRecorder(
  store: string,
  rows: number,
  durability: "power" | "process",
  format: Setting["format"],
): RawRecorder {
  if (format === ".sqlite") {
    const db = openRaw(store, durability);
    let next = rows;
    return { what: "prepared INSERT", record: () => db.insert(next++), close: () => db.close() };
  }
  const what = durability === "power" ? "writeSync + fdatasyncSync" : "writeSync";
  return { what, ...textRecorder(store, rows, format, durability) };
}
