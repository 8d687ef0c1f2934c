import type { Buffer } from "node:buffer";
import fs from "node:fs";
import path from "node:path";
import { setEntry } from "../../core/values/value.ts";
import { openBackend, type Row, Store } from "../../mod.ts";
import { foreignArrow, foreignParquet } from "./foreign_files.ts";

/** A valid file of some format, and the rows that it holds. */
export interface Sample {
  readonly bytes: Buffer;
  readonly rows: readonly Row[];
}

/** A kind of file that is read, under a name of its own. */
export interface Reader {
  /** The name of the damaged file, without its folder. */
  readonly file: string;
  /** The store that it belongs to, if that is another file. */
  readonly store: string;
  /** True if each refusal is a `FormatError`, and a finding of `verify` that the file is unreadable. */
  readonly isColumnar?: boolean;
  /** True if the reader knows columns that `verify` does not. */
  readonly isTyped?: boolean;
  /** True if opening the store takes the file into another one. */
  readonly isMerged?: boolean;
  /** Writes two valid files into a folder. */
  make(folder: string): Promise<readonly [Sample, Sample]>;
  /** Reads all rows of a store. */
  load(store: string): Promise<readonly Row[]>;
}

/** The params of the records. */
const columns = { n: "integer", dt: "real", model: "text?" } as const;

/** The readers of stet, by name. */
export const readers: Readonly<Record<string, Reader>> = {
  csv: store("runs.csv"),
  json: store("runs.json"),
  jsonl: store("runs.jsonl"),
  sqlite: store("runs.sqlite"),
  parquet: { ...store("runs.parquet"), isColumnar: true },
  arrow: { ...store("runs.arrow"), isColumnar: true },
  arrows: { ...store("runs.arrows"), isColumnar: true },
  // Files of other programs.
  snappy: foreign("runs.parquet", (path) => foreignParquet(path, "snappy")),
  zstd: foreign("runs.parquet", (path) => foreignParquet(path, "zstd")),
  dictionary: foreign("runs.arrow", foreignArrow),
  // The rows of a columnar store that are not merged yet.
  pending: {
    file: "runs.arrow.pending.jsonl",
    store: "runs.arrow",
    isMerged: true,
    make: async (folder) => [await pending(folder, "a", 40), await pending(folder, "b", 7)],
    load,
  },
  // The table of a Store.
  records: {
    file: "records.sqlite3",
    isTyped: true,
    store: "records.sqlite3",
    make: async (folder) => [await records(folder, "a", 40), await records(folder, "b", 7)],
    load: loadRecords,
  },
};

function store(file: string): Reader {
  return {
    file,
    store: file,
    make: async (folder) => [
      await sample(path.join(folder, `a-${file}`), 120),
      await sample(path.join(folder, `b-${file}`), 9),
    ],
    load,
  };
}

/** A file that another program wrote. */
function foreign(file: string, write: (path: string) => Promise<string>): Reader {
  async function make(folder: string, name: string): Promise<Sample> {
    const written = await write(path.join(folder, `${name}-${file}`));
    return { bytes: fs.readFileSync(written), rows: await load(written) };
  }
  return {
    file,
    store: file,
    isColumnar: true,
    make: async (folder) => [await make(folder, "a"), await make(folder, "b")],
    load,
  };
}

async function load(file: string): Promise<Row[]> {
  const backend = await openBackend(file, { warn: () => {} });
  try {
    return await backend.load();
  } finally {
    await backend.close();
  }
}

async function loadRecords(file: string): Promise<Row[]> {
  const rows: Row[] = [];
  const opened = storeAt(file, (message) => {
    const [, count = 1] = /Left out (\d+) more/.exec(message) ?? [];
    for (let i = 0; i < Number(count); i++) rows.push({ id: "left out, with a warning" });
  });
  try {
    for await (const { id, n, dt, model } of opened.find()) {
      rows.push({ id, n, dt, ...model === null ? {} : { model } });
    }
    return rows;
  } finally {
    await opened.close();
  }
}

async function sample(file: string, count: number): Promise<Sample> {
  const backend = await openBackend(file, { durability: "process" });
  const written = Array.from({ length: count }, (_, i) => rowOf(i));
  for (const row of written) await backend.record(row);
  const rows = await backend.load();
  await backend.close();
  return { bytes: fs.readFileSync(file), rows };
}

async function pending(folder: string, name: string, count: number): Promise<Sample> {
  const file = path.join(folder, `${name}-runs.arrow`);
  const backend = await openBackend(file, { durability: "process" });
  for (let i = 0; i < count; i++) await backend.record(rowOf(i));
  const rows = await backend.load();
  const bytes = fs.readFileSync(`${file}.pending.jsonl`);
  await backend.close();
  return { bytes, rows };
}

async function records(folder: string, name: string, count: number): Promise<Sample> {
  const file = path.join(folder, `${name}-records.sqlite3`);
  const store = storeAt(file);
  for (let n = 0; n < count; n++) await store.run({ n, dt: n / 7, model: `model ${n}` });
  await store.close();
  return { bytes: fs.readFileSync(file), rows: await loadRecords(file) };
}

function storeAt(
  file: string,
  warn = (_message: string): void => {},
): Store<typeof columns> {
  return new Store({
    runner: ({ resultFile }) => fs.writeFileSync(resultFile, "result"),
    columns,
    warn,
    store: `sqlite:///${file}`,
    resultsDir: path.join(path.dirname(path.dirname(file)), "results"),
    durability: "process",
  });
}

/** A row with cells of every kind, some of them long enough to take several pages. */
function rowOf(i: number): Row {
  const row: Row = { alpha: i / 8, seed: i, model: `model ${i % 5}`, isDebug: i % 2 === 0 };
  if (i % 3 === 0) setEntry(row, "note", `"two words", quoted, naïve 🦕 ${i}`);
  if (i % 4 === 1) setEntry(row, "note", ["7", "", null, NaN, 2n ** 70n, [1, "a"]][i % 6]!);
  if (i % 50 === 7) setEntry(row, "result.text", `long ${i} `.repeat(1000));
  if (i % 10 === 3) setEntry(row, "result.text", `one, "two"\n\n"three" ${i},\n4,\tfive`);
  setEntry(row, "result.loss", 1 / (i + 1));
  return row;
}
