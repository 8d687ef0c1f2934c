import fs from "node:fs";
import { openBackend } from "../mod.ts";
import type { Group } from "./group.ts";
import { type Measurement, median, millisecondsOf } from "./measure.ts";
import { rawRecorder } from "./record.ts";
import { openRaw } from "./sample_database.ts";
import { paramsAt } from "./sample_rows.ts";
import { type Format, formats, makeStore, removeStore } from "./sample_store.ts";

/** Changes of more than the end of a store, for which text files are rewritten. */
export const rewrite: Group = {
  name: "rewrite",
  sizes: [100_000],
  formats,
  async measure(rows, { folder, sampling, format }): Promise<Measurement[]> {
    const store = makeStore(folder, rows, format);
    const copy = makeStore(folder, rows, format);
    const backend = await openBackend(store);
    await backend.has(paramsAt(0)); // makes the index, which is made anew with the file
    const raw = rawChanges(copy, rows, format);
    const removing: number[] = [];
    const widening: number[] = [];
    const rawRemoving: number[] = [];
    const rawWidening: number[] = [];
    for (let sample = 0; sample <= sampling.samples; sample++) {
      removing.push(await millisecondsOf(() => backend.remove(paramsAt(sample * 3))));
      rawRemoving.push(await millisecondsOf(() => raw.remove(sample * 3)));
    }
    for (let sample = 0; sample <= sampling.samples; sample++) {
      const row = { ...paramsAt(rows + sample), [`extra${sample}`]: 1 };
      widening.push(await millisecondsOf(() => backend.record(row)));
      rawWidening.push(await millisecondsOf(() => raw.widen(rows + sample, `extra${sample}`)));
    }
    raw.close();
    await backend.close();
    removeStore(store);
    removeStore(copy);
    const measurement = (
      what: string,
      stet: readonly number[],
      rawWhat: string,
      value: readonly number[],
    ): Measurement => ({
      what: `rewrite: ${what}`,
      rows,
      unit: "ms",
      stet: median(stet.slice(1)), // the first of each is the warm-up
      raw: { what: rawWhat, value: median(value.slice(1)) },
    });
    const [toRemove, toWiden] = raw.what;
    return [
      measurement("remove one row", removing, toRemove, rawRemoving),
      measurement("record with a new column", widening, toWiden, rawWidening),
    ];
  },
};

/** The least that any program must do for the same. */
interface RawChanges {
  /** SQL of `remove` and `widen`. */
  readonly what: readonly [string, string];
  remove(i: number): void;
  widen(i: number, column: string): void;
  close(): void;
}

function rawChanges(store: string, rows: number, format: Format): RawChanges {
  if (format === ".sqlite") {
    const db = openRaw(store, "power");
    return {
      what: ["prepared DELETE", "ALTER TABLE + INSERT"],
      remove: (i) => db.remove(paramsAt(i)),
      widen: (i, column) => db.widen(column, i),
      close: () => db.close(),
    };
  }
  const copying = (): void => copySynced(store, `${store}.copy`);
  if (format === ".csv") {
    const what = "copy + fsync";
    return { what: [what, what], remove: copying, widen: copying, close: () => {} };
  }
  // A row of JSON names its columns itself.
  const recorder = rawRecorder(store, rows, "power", format);
  return {
    what: ["copy + fsync", recorder.what],
    remove: copying,
    widen: () => recorder.record(),
    close: () => recorder.close(),
  };
}

function copySynced(from: string, to: string): void {
  fs.rmSync(to, { force: true });
  fs.copyFileSync(from, to);
  const fd = fs.openSync(to, "r+");
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}
