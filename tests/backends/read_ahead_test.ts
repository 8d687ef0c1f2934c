import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { setImmediate } from "node:timers";
import type { Row } from "../../mod.ts";
import { openEngine } from "../open_engine.ts";
import { tempStore } from "../temp_folder.ts";

/** Rows of some 4 MB, with newlines and quotes in texts. */
const rows: readonly Row[] = Array.from({ length: 12_000 }, (_, n) => ({
  n,
  text: n % 3 === 0 ? `line\nof "${n}",\n\n${"x".repeat(n % 500)}` : "é".repeat(n % 200),
}));

for (const name of ["runs.csv", "runs.jsonl", "runs.json"]) {
  test(`readAhead() reads what a first look reads, with pauses: ${name}`, async (t) => {
    const store = tempStore(t, name);
    const writer = await openEngine(store, { durability: "process" });
    await writer.recordAll(rows);
    await writer.close();
    assert(fs.statSync(store).size > 2_000_000);
    const engine = await openEngine(store);
    let turns = 0;
    let isOver = false;
    const count = (): void => void (isOver || (turns++, setImmediate(count)));
    count();
    const estimates: number[] = [];
    await engine.readAhead((rows) => estimates.push(rows));
    isOver = true;
    const last = estimates.at(-1)!;
    assert(Math.abs(last - rows.length) < 0.2 * rows.length, `${last} rows are estimated`);
    assert(turns >= 3, `${turns} turns of the event loop`);
    const { rows: read, count: known } = await engine.rowsAfter();
    assert.equal(known, rows.length);
    let n = 0;
    for await (const row of read) {
      const { _stet_timestamp: _, ...rest } = row;
      assert.deepEqual(rest, rest["text"] === undefined ? { n } : rows[n]);
      n++;
    }
    assert.equal(n, rows.length);
    await engine.close();
  });
}

test("a store that is changed while it is read ahead is read as it is then", async (t) => {
  const store = tempStore(t);
  const writer = await openEngine(store, { durability: "process" });
  await writer.recordAll(rows);
  const engine = await openEngine(store);
  const reading = engine.readAhead();
  await writer.record({ n: -1, text: "appended" });
  assert.equal(await engine.has({ n: -1 }), true);
  await reading;
  const again = await openEngine(store);
  const other = again.readAhead();
  await writer.remove({ n: 5 });
  await other;
  assert.equal(await again.has({ n: 5 }), false);
  assert.equal((await again.load()).length, rows.length);
  for (const each of [writer, engine, again]) await each.close();
});

test("a damaged store is read ahead up to the damage, and the first look says where that is", async (t) => {
  const store = tempStore(t);
  const writer = await openEngine(store, { durability: "process" });
  await writer.recordAll(rows.map(({ n }) => ({ n: n!, text: "x".repeat(300) })));
  await writer.close();
  const lines = fs.readFileSync(store, "utf8").split("\n");
  lines[9000] = "1,2,3,4,5,6,7";
  fs.writeFileSync(store, lines.join("\n"));
  const engine = await openEngine(store);
  await engine.readAhead();
  await assert.rejects(async () => await engine.load(), /line 9001: expected 3 fields/);
  await engine.close();
});
