import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openBackend } from "../../mod.ts";
import { rounds } from "../rounds.ts";
import { runtimes } from "../runtimes.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";
import { filesIn, inWorkshop } from "../workers/worker_process.ts";

const timeout = 120_000;
const ROUNDS = rounds(8);

for (const extension of [".csv", ".json", ".jsonl", ".parquet", ".arrow"]) {
  test(
    `${extension}: clear() takes the file away while processes record, and loses no later row`,
    { timeout, skip: columnarSkips[extension] ?? false },
    () =>
      inWorkshop(async ({ folder, start }) => {
        const store = join(folder, `runs${extension}`);
        const stop = join(folder, "stop");
        const names = runtimes.map(({ name }) => name);
        const logOf = (name: string): string => join(folder, `${name}.log`);
        /** Which rows of a process were acknowledged. */
        const loggedBy = (name: string): number[] =>
          existsSync(logOf(name))
            ? readFileSync(logOf(name), "utf8").split("\n").slice(0, -1).map(Number)
            : [];
        const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
        const workers = runtimes.map((runtime) =>
          start(runtime, "clear_worker.ts", [store, logOf(runtime.name), stop, runtime.name])
        );
        while (names.some((name) => loggedBy(name).length === 0)) await pause();
        const backend = await openBackend(store, { durability: "process" });
        for (let i = 0; i < ROUNDS; i++) {
          await pause();
          await backend.clear();
        }
        // What is begun from now on comes after the last clear(); one row may be under way.
        const before = new Map(names.map((name) => [name, loggedBy(name).length]));
        while (names.some((name) => loggedBy(name).length < before.get(name)! + 10)) await pause();
        writeFileSync(stop, "");
        for (const { ended } of workers) assert.equal(await ended, 0);
        const rows = await backend.load();
        for (const name of names) {
          const kept = rows.filter(({ by }) => by === name).map(({ n }) => Number(n));
          const acknowledged = loggedBy(name);
          assert.deepEqual(kept, acknowledged.slice(acknowledged.length - kept.length), name);
          assert.ok(kept.length >= acknowledged.length - before.get(name)! - 1, name);
          assert.ok(kept.length < acknowledged.length, name);
        }
        await backend.clear();
        await backend.close();
        assert.deepEqual(filesIn(folder).filter((file) => file.includes("runs")), []);
      }),
  );
}
