import fs from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { once } from "../mod.ts";
import { openEngine } from "../tests/open_engine.ts";
import type { Group } from "./group.ts";
import { compare, type Measurement, processorTime } from "./measure.ts";
import { type Params, paramsAt, someParams } from "./sample_rows.ts";

/** Result of a run of the sample. */
interface Result {
  readonly loss: number;
  readonly steps: number;
  readonly note: string;
}

/** Calls of `once` with `save: true` that are hits, by processor time. */
export const savedHit: Group = {
  name: "saved",
  sizes: [100, 10_000, 100_000],
  formats: [".csv", ".sqlite"],
  async measure(rows, { folder, sampling, format }): Promise<Measurement[]> {
    const own = fs.mkdtempSync(path.join(folder, `${rows}-`));
    const store = await openEngine(path.join(own, `runs${format}`), { durability: "process" });
    await store.recordAll(saved(rows));
    const call = once(({ alpha, seed, model }: Params): Result => {
      throw new Error(`Cannot measure: ${alpha}, ${seed}, ${model} was not found`);
    }, { store, save: true, quiet: true });
    const byHand = database(path.join(own, "by_hand.sqlite"), rows);
    const some = someParams(rows, 100_000);
    let i = 0;
    const next = (): Params => some[i = (i + 1) % some.length]!;
    const check = (result: Result | undefined): void => {
      if (result?.note !== "converged") throw new Error("Cannot measure: a result was not found");
    };

    const taken = await compare(
      {
        async stet(times): Promise<void> {
          for (let n = 0; n < times; n++) check(await call(next()));
        },
        raw(times): void {
          for (let n = 0; n < times; n++) check(byHand.find(next()));
        },
      },
      sampling,
      processorTime,
    );
    byHand.close();
    await store.close();
    fs.rmSync(own, { recursive: true });
    return [{
      what: "saved hit: call of once with save",
      rows,
      unit: "µs",
      stet: taken.stet,
      raw: { what: "SELECT result + JSON.parse", value: taken.raw },
      target: { of: "ratio", is: "≤", limit: 2 },
    }];
  },
};

function resultAt(i: number): Result {
  return { loss: (i % 1000 + 1) / 8192, steps: i, note: "converged" };
}

function* saved(rows: number): Generator<Record<string, string | number>> {
  for (let i = 0; i < rows; i++) {
    const { loss, steps, note } = resultAt(i);
    yield {
      ...paramsAt(i),
      "result.loss": loss,
      "result.steps": steps,
      "result.note": note,
      _stet_elapsed: 0.125,
    };
  }
}

/** A program without stet: results as JSON in an indexed table. */
function database(file: string, rows: number): {
  find(params: Params): Result | undefined;
  close(): void;
} {
  const db = new DatabaseSync(file);
  db.exec(`
    CREATE TABLE runs (alpha REAL, seed INTEGER, model TEXT, result TEXT);
    CREATE INDEX runs_key ON runs (alpha, model, seed);
    BEGIN`);
  const insert = db.prepare("INSERT INTO runs VALUES (?, ?, ?, ?)");
  for (let i = 0; i < rows; i++) {
    const { alpha, seed, model } = paramsAt(i);
    insert.run(alpha, seed, model, JSON.stringify(resultAt(i)));
  }
  db.exec("COMMIT");
  const select = db.prepare("SELECT result FROM runs WHERE alpha = ? AND model = ? AND seed = ?");
  return {
    find({ alpha, seed, model }): Result | undefined {
      const found = select.get(alpha, model, seed) as { result: string } | undefined;
      return found && JSON.parse(found.result) as Result;
    },
    close: () => db.close(),
  };
}
