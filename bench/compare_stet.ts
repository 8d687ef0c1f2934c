/**
 * Measures looks and records of Python's stet and of ours, in one run, and prints how many times
 * faster ours are. Each side has a store of its own making with the same rows.
 *
 *     deno run -A bench/compare_stet.ts                      all sizes and formats
 *     bun bench/compare_stet.ts --rows=1000 --format=.csv    these (may be repeated)
 *
 * A CSV or JSON record of Python's stet is not synced: its equal is ours of durability "process". An
 * SQLite record of it is: its equal is ours of durability "power", which is on the disk when it returns.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { tableText } from "../core/display/table_text.ts";
import { openBackend, type Row } from "../mod.ts";
import { pythonStet } from "../tests/python/python_stet.ts";
import { runtime } from "./child.ts";
import { compare } from "./measure.ts";
import { paramsAt, someParams } from "./sample_store.ts";

/** Time of a look and of a record, in microseconds. */
interface Times {
  readonly look: number;
  readonly record: number;
}

const { values: options } = parseArgs({
  options: {
    rows: { type: "string", multiple: true, default: ["100", "1000", "10000", "100000"] },
    format: { type: "string", multiple: true, default: [".csv", ".json", ".sqlite"] },
    seconds: { type: "string", default: "0.5" },
  },
});

const python = pythonStet();
if ("missing" in python) throw new Error(`Cannot measure: ${python.missing}`);
const { command } = python;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "stet-compare-"));
const script = fileURLToPath(new URL("compare_stet.py", import.meta.url));

function timeTheirs(store: string, rows: number): Times & { readonly version: string } {
  const { status, stdout, error } = spawnSync(
    command,
    [script, store, `${rows}`, options.seconds],
    {
      stdio: ["ignore", "pipe", "inherit"],
      encoding: "utf8",
    },
  );
  if (status !== 0) throw new Error(`Cannot measure: Python ended with ${error ?? status}`);
  return JSON.parse(stdout);
}

async function timeOurs(
  store: string,
  rows: number,
  durability: "power" | "process",
): Promise<Times> {
  const making = await openBackend(store, { durability: "process" });
  for (let i = 0; i < rows; i++) await making.record(paramsAt(i));
  await making.close();
  const backend = await openBackend(store, { durability });
  const some = someParams(rows, 10_000);
  let looked = 0;
  let recorded = rows;
  const sampling = { samples: 5, length: Number(options.seconds) * 100, warmUp: 200 };
  const { look } = await compare({
    async look(times): Promise<void> {
      for (let n = 0; n < times; n++) {
        if (!await backend.has(some[looked++ % some.length]!)) {
          throw new Error("Cannot measure: a row was not found");
        }
      }
    },
  }, sampling);
  const { record } = await compare({
    async record(times): Promise<void> {
      for (let n = 0; n < times; n++) await backend.record(paramsAt(recorded++));
    },
  }, sampling);
  await backend.close();
  return { look, record };
}

function microseconds(value: number): string {
  const [scaled, unit] = value >= 1000 ? [value / 1000, "ms"] : [value, "µs"];
  return `${scaled.toPrecision(scaled >= 100 ? 3 : 2)} ${unit}`;
}

function ratio(theirs: number, ours: number): string {
  const times = theirs / ours;
  return `${times >= 10 ? Math.round(times).toLocaleString("en") : times.toFixed(1)} ×`;
}

const lines: Row[] = [];
let version = "";
try {
  for (const format of options.format) {
    for (const rows of options.rows.map(Number)) {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${format}, ${rows} rows`);
      const here = fs.mkdtempSync(path.join(folder, `${rows}-`));
      const theirs = timeTheirs(path.join(here, `theirs${format}`), rows);
      const ours = await timeOurs(path.join(here, `ours${format}`), rows, "process");
      const synced = await timeOurs(path.join(here, `synced${format}`), rows, "power");
      fs.rmSync(here, { recursive: true });
      version = theirs.version;
      lines.push({
        format,
        rows,
        "Python look": microseconds(theirs.look),
        "our look": microseconds(ours.look),
        "look is": ratio(theirs.look, ours.look),
        "Python record": microseconds(theirs.record),
        "our record": microseconds(ours.record),
        "record is": ratio(theirs.record, ours.record),
        "on the disk": microseconds(synced.record),
        "that is": ratio(theirs.record, synced.record),
      });
    }
  }
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
}
console.log(`${runtime} ${process.versions[runtime]} and Python's stet ${version}\n`);
console.log(tableText(lines, Object.keys(lines[0] ?? {})).join("\n"));
