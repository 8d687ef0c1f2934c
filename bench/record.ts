import fs from "node:fs";
import { openBackend } from "../mod.ts";
import { allSizes, type Group, type Setting } from "./group.ts";
import { compare, type Measurement } from "./measure.ts";
import { linesAfter, makeStore, paramsAt, removeStore } from "./sample_store.ts";

/** Records, one after another, each awaited, in a store whose rows are indexed. */
export const record: Group = {
  name: "record",
  sizes: allSizes,
  async measure(rows, setting): Promise<Measurement[]> {
    const power = await measureDurability("power", rows, setting);
    const process = await measureDurability("process", rows, setting);
    const limit = setting.runtime === "deno" ? 25 : 10;
    return [
      { ...power, target: { of: "ratio", is: "≤", limit: 1.5 } },
      { ...process, target: { of: "value", is: "≤", limit } },
    ];
  },
};

async function measureDurability(
  durability: "power" | "process",
  rows: number,
  { folder, sampling }: Setting,
): Promise<Measurement> {
  const store = makeStore(folder, rows);
  const copy = makeStore(folder, rows);
  const backend = await openBackend(store, { durability });
  await backend.has(paramsAt(0)); // makes the index, which records keep up to date
  const fd = fs.openSync(copy, "a");
  const lines = linesAfter(rows);
  let next = rows;
  let line = 0;
  const taken = await compare({
    async stet(times): Promise<void> {
      for (let n = 0; n < times; n++) await backend.record(paramsAt(next++));
    },
    raw(times): void {
      for (let n = 0; n < times; n++) {
        fs.writeSync(fd, lines[line++ & 1023]!);
        if (durability === "power") fs.fdatasyncSync(fd);
      }
    },
  }, sampling);
  fs.closeSync(fd);
  await backend.close();
  removeStore(store);
  removeStore(copy);
  return {
    what: `record: durability ${durability}`,
    rows,
    unit: "µs",
    stet: taken.stet,
    raw: {
      what: durability === "power" ? "writeSync + fdatasyncSync" : "writeSync",
      value: taken.raw,
    },
  };
}
