/** A backend for tab-separated values: `registerBackend(".tsv", () => import("./tsv.ts"))`. */
import { agreesWith, type Backend, readCell, type Row } from "@stet/stet/contract";
import { stamped, writeCell } from "@stet/stet/contract";
import fs from "node:fs";
import { resolve } from "node:path";

/** Opens the store at a path; the first record makes the file. */
export function open(path: string): Backend {
  let isClosed = false;

  function lines(): string[][] {
    if (isClosed) throw new Error(`Cannot use "${path}": it was closed; open it again`);
    const text = fs.existsSync(path) ? fs.readFileSync(path, "utf8") : "";
    return text.split("\n").slice(0, -1).map((line) => line.split("\t"));
  }

  function load(): Row[] {
    const [header = [], ...rows] = lines();
    return rows.map((cells) => {
      const entries = cells.map((cell, i) => [header[i]!, readCell(cell)] as const);
      return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Row;
    });
  }

  /** A cell holds neither tabs nor newlines: `writeCell` escapes control characters. */
  function lineOf(header: readonly string[], row: Row): string {
    const cells = header.map((name) => Object.hasOwn(row, name) ? writeCell(row[name]!) : "");
    return cells.join("\t") + "\n";
  }

  function write(rows: readonly Row[]): void {
    const header = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    const text = header.join("\t") + "\n" + rows.map((row) => lineOf(header, row)).join("");
    fs.writeFileSync(`${path}.new`, text);
    fs.renameSync(`${path}.new`, path);
  }

  return {
    location: resolve(path), // its identity, wherever the process works
    exists: () => fs.existsSync(path),
    has: (columns) => load().some(agreesWith(columns)),
    record(row) {
      const added = stamped(row); // throws before anything changes
      const [header] = lines();
      const isKnown = header && Object.keys(added).every((name) => header.includes(name));
      if (isKnown) fs.appendFileSync(path, lineOf(header, added));
      else write([...load(), added]);
    },
    load,
    remove(columns) {
      if (agreesWith(columns)({})) throw new TypeError("Cannot remove without a column: clear()");
      const rows = load(), kept = rows.filter((row) => !agreesWith(columns)(row));
      if (kept.length < rows.length) write(kept);
      return rows.length - kept.length;
    },
    clear: () => lines().length > 0 ? fs.rmSync(path) : undefined,
    close: () => void (isClosed = true),
  };
}
