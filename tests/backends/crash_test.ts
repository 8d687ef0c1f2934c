import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openBackend } from "../../mod.ts";
import { rounds } from "../rounds.ts";
import { type Runtime, runtimes } from "../runtimes.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";
import { independentRows } from "../workers/independent_rows.ts";
import { filesIn, inWorkshop, type Workshop } from "../workers/worker_process.ts";

const timeout = 120_000;

/** Kills per store. Two stores are tested at a time. */
const KILLS_PER_STORE = 5;
/** Kills of each format, on each of three runtimes. Processes of all three are killed. */
const KILLS = rounds(15);
/** Kills of a columnar format: all hit its one file of pending rows; columnar_test.ts kills merges. */
const COLUMNAR_KILLS = rounds(5);

for (const extension of [".csv", ".json", ".jsonl", ".sqlite", ".parquet", ".arrow"]) {
  const lack = columnarSkips[extension];
  if (lack) {
    test(`${extension}: no acknowledged row is lost to kills`, { skip: lack }, () => {});
    continue;
  }
  const kills = [".parquet", ".arrow"].includes(extension) ? COLUMNAR_KILLS : KILLS;
  test(
    `${extension}: no acknowledged row is lost to ${kills} kills, none is there twice`,
    { timeout },
    () =>
      inWorkshop(async (workshop) => {
        let stores = 0;
        const lane = async (): Promise<void> => {
          while (stores < kills / KILLS_PER_STORE) {
            const number = stores++;
            await killRounds(workshop, join(workshop.folder, `${number}${extension}`), number);
          }
        };
        await Promise.all([lane(), lane()]);
      }),
  );
}

for (const extension of [".csv", ".jsonl"]) {
  test(
    `${extension}: a tail torn at any byte is kept aside, and no whole row with it`,
    { timeout },
    () =>
      inWorkshop(async ({ folder }) => {
        const three = join(folder, `three${extension}`);
        const { whole, line } = await sample(three);
        const quotes = extension === ".csv" ? ['"', '"half'] : [];
        for (const added of ["", "\0".repeat(20), ...quotes]) {
          for (let cut = 0; cut <= line.length; cut++) {
            const tail = Buffer.concat([line.subarray(0, cut), Buffer.from(added)]);
            const store = join(folder, `${JSON.stringify(added).length} ${cut}${extension}`);
            writeFileSync(store, Buffer.concat([whole, tail]));
            // Without its newline a row is whole, and without its timestamp, which hand-made rows lack.
            const lacksTimestamp = extension === ".csv" && line[cut - 1] === COMMA &&
              !line.includes(COMMA, cut);
            const isWhole = cut === line.length ||
              added === "" && (cut === line.length - 1 || lacksTimestamp);
            const isUnterminated = isWhole && cut < line.length;
            const torn = isWhole ? Buffer.from(added) : tail;
            await checkTail(store, torn, isWhole ? 4 : 3, isUnterminated ? "\n" : "");
          }
        }
      }),
  );
}

test(".json: a tail torn at any byte is kept aside, and no whole row with it", () =>
  inWorkshop(async ({ folder }) => {
    const { line: _, whole } = await sample(join(folder, "three.json"));
    const four = readFileSync(join(folder, "three.json"));
    const third = whole.lastIndexOf("}") + 1, fourth = four.lastIndexOf("}") + 1;
    for (const added of ["", "\0".repeat(20)]) {
      for (let cut = third; cut < four.length; cut++) {
        const store = join(folder, `${added.length} ${cut}.json`);
        const bytes = Buffer.concat([four.subarray(0, cut), Buffer.from(added)]);
        writeFileSync(store, bytes);
        const rows = cut < fourth ? 3 : 4;
        const what = JSON.stringify(bytes.subarray(third).toString());
        const messages: string[] = [];
        const warn = (message: string): void => void messages.push(message);
        const backend = await openBackend(store, { durability: "process", warn });
        assert.equal((await backend.load()).length, rows, what);
        assert.deepEqual(readFileSync(store), bytes, `${what}: readers change nothing`);
        await backend.record({ seed: 5, text: "new" });
        await backend.close();
        const rest = bytes.subarray(cut < fourth ? third : fourth);
        const isTorn = !/^\s*(,?\s*\]\s*)?$/.test(rest.toString("latin1"));
        assert.equal(messages.length, isTorn ? 1 : 0, what);
        if (isTorn) assert.deepEqual(readFileSync(`${store}.torn`), rest, what);
        assert.equal(existsSync(`${store}.torn`), isTorn, what);
        const seeds = (await independentRows(store)).map(({ seed }) => Number(seed));
        assert.deepEqual(seeds, [1, 2, 3, 4, 5].filter((seed) => seed !== 4 || rows === 4), what);
      }
    }
  }));

async function killRounds(workshop: Workshop, store: string, number: number): Promise<void> {
  let total = 0;
  for (let round = 0; round < KILLS_PER_STORE; round++) {
    const acks = await recordAndKill(
      workshop,
      runtimes[(number + round) % runtimes.length]!,
      store,
      round,
    );
    const backend = await openBackend(store, { durability: "process", warn: () => {} });
    const rows = await backend.load();
    const recorded = rows.length - total;
    const what = `store ${number}, round ${round}: ${recorded} of ${acks} acknowledged`;
    assert.ok(recorded === acks || recorded === acks + 1, what);
    for (const [n, row] of rows.slice(total).entries()) {
      assert.deepEqual([row["round"], row["n"]], [round, n], what);
      assert.ok(row["text"] === 'a,"\nb'.repeat(row["size"] as number), what);
    }
    await backend.record({ round, n: -1, size: 0, text: "" });
    total += recorded + 1;
    await backend.close();
  }
  // Earlier rounds were left as they were, and others read it all.
  const rows = (await independentRows(store)).map(({ round, n }) => `${round} ${n}`);
  assert.equal(rows.length, total);
  assert.equal(new Set(rows).size, total);
}

/** Has a process record rows and kills it at some moment; how many rows it had acknowledged. */
async function recordAndKill(
  { start }: Workshop,
  runtime: Runtime,
  store: string,
  round: number,
): Promise<number> {
  const acks = `${store} ${round} acks`;
  writeFileSync(acks, "");
  const worker = start(runtime, "append_worker.ts", [store, acks, String(round)]);
  while (statSync(acks).size === 0) await sleep(2);
  await sleep(5 + Math.random() * 55);
  worker.signal("SIGKILL");
  assert.equal(await worker.ended, "SIGKILL");
  return statSync(acks).size;
}

const COMMA = 44;

/** Makes a store of three rows: its bytes, and those of a fourth. */
async function sample(store: string): Promise<{ whole: Buffer; line: Buffer }> {
  const backend = await openBackend(store);
  for (const seed of [1, 2, 3]) await backend.record({ seed, text: "plain" });
  const whole = readFileSync(store);
  await backend.record({ seed: 4, text: 'a "quoted", b\n\n"c, d"\n4,e' });
  await backend.close();
  return { whole, line: readFileSync(store).subarray(whole.length) };
}

/** Checks what reading and recording do to a store that ends with torn bytes, perhaps none. */
async function checkTail(
  store: string,
  torn: Buffer,
  rows: number,
  terminator: string,
): Promise<void> {
  utimesSync(store, 1e9, 1e9); // long ago: nobody is writing it
  const before = readFileSync(store);
  const files = filesIn(dirname(store));
  const what = JSON.stringify(before.toString());
  const messages: string[] = [];
  const backend = await openBackend(store, {
    durability: "process",
    warn: (message) => messages.push(message),
  });
  assert.equal((await backend.load()).length, rows, what);
  assert.equal(await backend.has({ seed: 4 }), rows === 4, what);
  assert.deepEqual(readFileSync(store), before, `${what}: readers change nothing`);
  assert.deepEqual(filesIn(dirname(store)), files, `${what}: readers make nothing`);

  await backend.record({ seed: 5, text: "new" });
  await backend.close();
  assert.equal(messages.length, torn.length > 0 ? 1 : 0, what);
  const aside = `${store}.torn`;
  assert.deepEqual(existsSync(aside) ? readFileSync(aside) : Buffer.alloc(0), torn, what);
  const after = readFileSync(store);
  const kept = Buffer.concat([
    before.subarray(0, before.length - torn.length),
    Buffer.from(terminator),
  ]);
  assert.deepEqual(after.subarray(0, kept.length), kept, `${what}: whole rows are as they were`);
  const seeds = (await independentRows(store)).map(({ seed }) => Number(seed));
  assert.deepEqual(seeds, rows === 4 ? [1, 2, 3, 4, 5] : [1, 2, 3, 5], what);
  assert.deepEqual(
    (await openBackend(store).then((it) => it.load())).map(({ seed }) => seed),
    seeds,
  );
}
