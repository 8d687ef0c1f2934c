import fs from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { once, openBackend } from "../mod.ts";
import { allSizes, type Group } from "./group.ts";
import { compare, type Loop, type Measurement } from "./measure.ts";
import { linesAfter, makeStore, type Params, paramsAt, removeStore } from "./sample_store.ts";

/** The way of a call that runs: look, claim, an empty function, record, release. */
export const run: Group = {
  name: "run",
  sizes: allSizes,
  async measure(rows, { folder, runtime, sampling }): Promise<Measurement[]> {
    const store = makeStore(folder, rows);
    const backend = await openBackend(store, { durability: "process" });
    const call = once(({ alpha: _alpha, seed: _seed, model: _model }: Params) => {}, {
      store: backend,
      key: ["alpha", "seed", "model"],
      quiet: true,
    });
    let next = rows;
    await call(paramsAt(next++)); // adds the column of how long runs took
    const bare = bareRun(makeStore(folder, 0), rows);
    const taken = await compare({
      async stet(times): Promise<void> {
        for (let n = 0; n < times; n++) await call(paramsAt(next++));
      },
      raw: bare.loop,
    }, sampling);
    bare.close();
    await backend.close();
    removeStore(store);
    return [{
      what: "run: once on an empty function",
      rows,
      unit: "µs",
      stet: taken.stet,
      raw: { what: "2 exclusive transactions + writeSync", value: taken.raw },
      target: { of: "value", is: "≤", limit: runtime === "deno" ? 100 : 60 },
    }];
  },
};

/** The input and output that no run can do without: claim and release in SQLite, a line in a file. */
function bareRun(file: string, rows: number): { readonly loop: Loop; close(): void } {
  const db = new DatabaseSync(`${file}-claims`);
  db.exec(`
    PRAGMA synchronous = OFF; PRAGMA journal_mode = TRUNCATE;
    CREATE TABLE claims (key TEXT PRIMARY KEY, owner TEXT) WITHOUT ROWID`);
  const begin = db.prepare("BEGIN EXCLUSIVE");
  const insert = db.prepare("INSERT INTO claims VALUES (?, ?)");
  const remove = db.prepare("DELETE FROM claims WHERE key = ?");
  const commit = db.prepare("COMMIT");
  const fd = fs.openSync(file, "a");
  const lines = linesAfter(rows);
  let next = 0;
  return {
    loop(times): void {
      for (let n = 0; n < times; n++) {
        const line = lines[next & 1023]!;
        const key = `alpha=0.37,seed=${next++},model=linear`;
        begin.run();
        insert.run(key, "0123456789abcdef");
        commit.run();
        begin.run();
        fs.writeSync(fd, line);
        remove.run(key);
        commit.run();
      }
    },
    close(): void {
      db.close();
      fs.closeSync(fd);
      removeStore(file);
    },
  };
}
