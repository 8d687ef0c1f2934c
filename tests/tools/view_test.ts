import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { MemoryBackend } from "../../backends/mod.ts";
import { expandGrid, once, query, range, report, status, sweep } from "../../mod.ts";
import { tempStore } from "../temp_folder.ts";

/** Returns what a console shows of an object. */
function shown(x: object): string {
  const deno = (globalThis as { Deno?: { inspect(x: object): string } }).Deno;
  assert.equal(deno?.inspect(x) ?? inspect(x), inspect(x));
  return inspect(x);
}

/** Returns what a notebook shows of an object. */
async function html(x: object): Promise<string> {
  type Shown = Record<string, string> | Promise<Record<string, string>>;
  const display = Symbol.for("Jupyter.display");
  const of = await (x as { [display: symbol]: () => Shown })[display]!.bind(x)();
  assert.equal(of["text/plain"], shown(x));
  return of["text/html"]!;
}

test("a console shows the first combinations of a grid, and the values of a range", async () => {
  const grid = expandGrid({ model: ["a<b", "c"], seed: range(1, 100) });
  const [title, header, first, ...rest] = shown(grid).split("\n");
  assert.deepEqual([title, header, first], [
    "200 combinations, the first 10",
    "model  seed",
    "a<b       1",
  ]);
  assert.equal(rest.length, 9);
  assert.match(await html(grid), /<th>model<\/th>.*<tr><td>a&lt;b<\/td><td>1<\/td><\/tr>/);
  assert.equal(shown(range(1, 3)), "3 values: 1, 2, 3");
  assert.equal([...grid].length, 200);
});

test("a console shows a grid without combinations, or of values that no store can hold", () => {
  assert.equal(shown(expandGrid({ a: [] })), "0 combinations");
  assert.match(shown(expandGrid({ f: [Symbol("one")] })), /Symbol\(one\)/);
});

test("a console shows the state and the counts of a sweep", async () => {
  const square = once(({ n }: { n: number }) => n * n, { store: new MemoryBackend() });
  const sweeping = sweep(square, [{ n: 1 }, { n: 2 }]);
  assert.match(shown(sweeping), /^Sweep of square\(\): not begun/);
  await sweeping;
  assert.equal(
    shown(sweeping),
    "Sweep of square(): done\nran  skipped  failed  of\n  2        0       0   2",
  );
  assert.match(await html(sweeping), /<td>2<\/td><td>0<\/td><td>0<\/td><td>2<\/td>/);
});

test("a console shows the rows of a query result, which can still be read", async (t) => {
  const store = tempStore(t);
  const square = once(({ n }: { n: number }) => n * n, { store, save: true });
  await sweep(square, expandGrid({ n: range(1, 30) }));
  await square.close();
  const result = await query(store, "SELECT n, result AS squared FROM runs ORDER BY n DESC");
  const [title, header, first, ...rest] = shown(result).split("\n");
  assert.match(title!, /^30 rows of n, squared, the first 20/);
  assert.deepEqual([header, first, rest.length], [" n  squared", "30      900", 19]);
  assert.match(await html(result), /<td>30<\/td><td>900<\/td>/);
  assert.equal((await result.rows()).length, 30);
  assert.match(shown(result), /^30 rows of n, squared; they were read$/);
  assert.match(await html(result), /^<p>30 rows of n, squared; they were read<\/p>$/);
});

test("a notebook shows a number of a query by the one or two columns before it", async (t) => {
  const store = tempStore(t);
  await using train = once(
    ({ lr, model }: { lr: number; model: string }) => ({ loss: lr * model.length }),
    { store, save: true, quiet: true },
  );
  await sweep(train, expandGrid({ lr: [0.1, 0.2, 0.3], model: ["a<b", "cnn"] }));
  const of = async (columns: string): Promise<string> =>
    await html(await query(store, `SELECT ${columns} FROM runs GROUP BY ALL ORDER BY ALL`));
  const one = await of("lr, avg(result.loss) AS loss");
  assert.match(one, /<td>0\.2<\/td><td>0\.6<\/td>[^]*<b>loss by lr<[^]*<svg [^]*<\/svg>/);
  const two = await of("model, lr, avg(result.loss) AS loss");
  assert.match(two, /<td>a&lt;b<\/td>[^]*<b>loss by model and lr[^]*<svg /);
  for (const columns of ["count(*) AS n", "lr, model", "lr, model, lr AS a, 1 AS b", "lr, NULL"]) {
    assert.doesNotMatch(await of(columns), /<svg/, columns);
  }
  const struct = await of("{ loss: 0.1 } AS result");
  assert.match(struct, /<td>\{"loss":0\.1\}<\/td>/);
});

test("a notebook shows the figures of the store below a sweep, a status and a report", async (t) => {
  const store = tempStore(t);
  await using train = once(
    ({ lr, seed }: { lr: number; seed: number }) => ({ loss: lr + seed / 100 }),
    { store, save: true, quiet: true },
  );
  const sweeping = sweep(train, expandGrid({ lr: [0.1, 0.2], seed: range(1, 3) }));
  await sweeping;
  const figures = /<h2>Best configurations<\/h2>.*<h2>What matters<\/h2>/s;
  assert.match(await html(sweeping), figures);
  const counts = await sweeping;
  assert.deepEqual(counts, { ran: 6, skipped: 0, failed: 0 });
  assert.equal(shown(counts), "{ ran: 6, skipped: 0, failed: 0 }");
  type Display = Record<symbol, () => Promise<Record<string, string>>>;
  const cell = await (counts as unknown as Display)[Symbol.for("Jupyter.display")]!();
  assert.match(cell["text/plain"]!, /^Sweep of train\(\): done\nran /);
  assert.match(cell["text/html"]!, figures);
  assert.match(await html(await status(store, { quiet: true })), figures);
  const made = await report(store, { over: ["seed"], title: "Runs" });
  const shownReport = (made as unknown as Record<symbol, () => Record<string, string>>)[
    Symbol.for("Jupyter.display")
  ]!.bind(made)();
  assert.match(shownReport["text/html"]!, figures);
  assert.match(shownReport["text/plain"]!, /^Runs\n6 runs done.*\nBest: lr 0\.1 with loss 0\.12/s);
  assert.match(
    made.html,
    /report\(&quot;.*runs\.csv&quot;, \{&quot;over&quot;:&quot;seed&quot;\}\)/,
  );
});

test("a console shows a status as a table, and it is the same object", async (t) => {
  const store = tempStore(t);
  await using square = once(({ n }: { n: number }) => n * n, { store });
  await square({ n: 1 });
  const found = await status(store, { quiet: true });
  assert.match(shown(found), /^Status of .*\nruns {2}failed {2}last run .*\n {3}1 {7}0 {2}\d/);
  assert.deepEqual(Object.keys(found).slice(0, 2), ["store", "count"]);
});

test("figures in a notebook leave the colours of the notebook alone", async (t) => {
  const store = tempStore(t);
  await using sum = once(({ a, b }: { a: number; b: number }) => a + b, {
    store,
    save: true,
    quiet: true,
  });
  await sweep(sum, expandGrid({ a: range(1, 3), b: range(1, 3) }));
  const page = await html(await status(store, { quiet: true }));
  assert.doesNotMatch(page, /:root|<body|(?:^|})\s*html\s*{/);
  const again = await html(await status(store, { quiet: true }));
  const ids = [page, again].flatMap((it) =>
    [...it.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id)
  );
  assert(ids.length > 0);
  assert.equal(new Set(ids).size, ids.length, "ids of outputs differ");
});
