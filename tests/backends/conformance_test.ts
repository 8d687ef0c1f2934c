import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { table } from "../../backends/table.ts";
import { type BackendUnderTest, testBackend } from "../../conformance/mod.ts";
import { readCell, writeCell } from "../../core/values/cell.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { setEntry } from "../../core/values/value.ts";
import { type Backend, type BackendModule, openBackend, type Row } from "../../mod.ts";
import { columnarSkips } from "../workers/columnar_packages.ts";

/** What kinds of store lack, and why. */
const skips: Record<string, BackendUnderTest["skip"]> = {
  ":memory:": {
    reopening: "a store in memory lives and dies with its handle",
    sharing: "a store in memory has one handle",
    claims: "a store in memory has one handle",
  },
};

/** What a plugin's author may write first: the five methods over lines of `[name, cell]` pairs. */
class LinesBackend implements Backend {
  readonly location: string;
  #isClosed = false;

  constructor(path: string) {
    this.location = path;
  }

  has(columns: Row): boolean {
    return this.load().some(agreesWith(columns));
  }

  record(row: Row): void {
    this.#append([{ ...row, _stet_timestamp: row._stet_timestamp ?? new Date().toISOString() }]);
  }

  load(): Row[] {
    this.#check();
    if (!fs.existsSync(this.location)) return [];
    return fs.readFileSync(this.location, "utf8").split("\n").slice(0, -1).map(rowOf);
  }

  remove(columns: Row): number {
    if (Object.values(columns).every((value) => value === undefined)) {
      throw new TypeError("Cannot remove rows without a column to match: use clear()");
    }
    const rows = this.load();
    const agrees = agreesWith(columns);
    const left = rows.filter((row) => !agrees(row));
    this.clear();
    this.#append(left);
    return rows.length - left.length;
  }

  clear(): void {
    this.#check();
    fs.rmSync(this.location, { force: true });
  }

  close(): void {
    this.#isClosed = true;
  }

  #append(rows: readonly Row[]): void {
    this.#check();
    if (rows.length > 0) fs.appendFileSync(this.location, rows.map(lineOf).join(""));
  }

  #check(): void {
    if (this.#isClosed) throw new Error(`Cannot use "${this.location}": it was closed`);
  }
}

function agreesWith(columns: Row): (row: Row) => boolean {
  const shape = keyShape(Object.keys(columns).filter((name) => columns[name] !== undefined));
  const { text } = keyOf(shape, columns);
  return (row) => keyOf(shape, row).text === text;
}

function lineOf(row: Row): string {
  const { values } = keyOf(keyShape(Object.keys(row)), row); // without those that are undefined
  const cells = Object.entries(values).map(([name, value]) => [name, writeCell(value)]);
  return `${JSON.stringify(cells)}\n`;
}

function rowOf(line: string): Row {
  const row: Row = {};
  for (const [name, cell] of JSON.parse(line) as [string, string][]) {
    setEntry(row, name, readCell(cell)!);
  }
  return row;
}

const tested = new Set<BackendModule>();
for (const [kind, load] of Object.entries(table)) {
  if (kind.endsWith(":") && !kind.startsWith(":")) continue; // a scheme of URLs
  const module = await load();
  if (tested.has(module)) continue; // another extension of the same kind
  tested.add(module);
  const lack = columnarSkips[kind];
  if (lack) {
    test(`${kind} is a backend`, { skip: lack }, () => {});
    continue;
  }
  testBackend({
    name: kind,
    ...kind in columnarSkips && { manyRows: 3000 },
    open: (folder) =>
      openBackend(kind.startsWith(".") ? join(folder, `runs${kind}`) : kind, {
        durability: "process",
        warn: (message) => assert.fail(message),
      }),
    ...skips[kind] && { skip: skips[kind] },
  });
}

testBackend({
  name: "a plugin of five methods",
  open: (folder) => new LinesBackend(join(folder, "runs.lines")),
  skip: { claims: "it has no claim() of its own: core's holds within one handle" },
});
