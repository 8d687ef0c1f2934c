import { DatabaseSync } from "node:sqlite";
import { once, openBackend } from "../mod.ts";
import { allSizes, type Group } from "./group.ts";
import { compare, type Loop, type Measurement } from "./measure.ts";
import { rawRecorder } from "./record.ts";
import { type Params, paramsAt } from "./sample_rows.ts";
import { type Format, makeStore, removeStore } from "./sample_store.ts";

/** The way of a call that runs: look, claim, an empty function, record, release. */
export const run: Group = {
  name: "run",
  sizes: allSizes,
  formats: [".csv"],
  async measure(rows, { folder, runtime, sampling, format }): Promise<Measurement[]> {
    const store = makeStore(folder, rows, format);
    const copy = makeStore(folder, rows, format);
    const backend = await openBackend(store, { durability: "process" });
    const call = once(({ alpha: _alpha, seed: _seed, model: _model }: Params) => {}, {
      store: backend,
      key: ["alpha", "seed", "model"],
      quiet: true,
    });
    let next = rows;
    await call(paramsAt(next++)); // adds the column of how long runs took
    const bare = bareRun(copy, rows, format);
    const taken = await compare({
      async stet(times): Promise<void> {
        for (let n = 0; n < times; n++) await call(paramsAt(next++));
      },
      raw: bare.loop,
    }, sampling);
    bare.close();
    await backend.close();
    removeStore(store);
    removeStore(copy);
    return [{
      what: "run: once on an empty function",
      rows,
      unit: "µs",
      stet: taken.stet,
      raw: { what: bare.what, value: taken.raw },
      target: { of: "value", is: "≤", limit: runtime === "deno" ? 100 : 60 },
    }];
  },
};

/** The input and output that no run can do without: claim and release in SQLite, the row added. */
function bareRun(
  store: string,
  rows: number,
  format: Format,
): { readonly what: string; readonly loop: Loop; close(): void } {
  const db = new DatabaseSync(`${store}-claims`);
  db.exec(`
    PRAGMA synchronous = OFF; PRAGMA journal_mode = TRUNCATE;
    CREATE TABLE claims (key TEXT PRIMARY KEY, owner TEXT) WITHOUT ROWID`);
  const begin = db.prepare("BEGIN EXCLUSIVE");
  const insert = db.prepare("INSERT INTO claims VALUES (?, ?)");
  const remove = db.prepare("DELETE FROM claims WHERE key = ?");
  const commit = db.prepare("COMMIT");
  const recorder = rawRecorder(store, rows, "process", format);
  let next = 0;
  return {
    what: `2 exclusive transactions + ${recorder.what}`,
    loop(times): void {
      for (let n = 0; n < times; n++) {
        const key = `alpha=0.37,seed=${next++},model=linear`;
        begin.run();
        insert.run(key, "0123456789abcdef");
        commit.run();
        begin.run();
        recorder.record();
        remove.run(key);
        commit.run();
      }
    },
    close(): void {
      db.close();
      recorder.close();
    },
  };
}
