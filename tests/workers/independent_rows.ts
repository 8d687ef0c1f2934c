import { parse } from "csv-parse/sync";
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { extname } from "node:path";

type TextRow = Readonly<Record<string, string>>;

const readers: Readonly<Record<string, (path: string) => TextRow[]>> = {
  ".csv": (path) => parse(readFileSync(path), { columns: true }),
  ".json": (path) => (JSON.parse(readFileSync(path, "utf8")) as object[]).map(textRow),
  ".jsonl": (path) => {
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    return lines.map((line) => textRow(JSON.parse(line)));
  },
  ".sqlite": (path) => {
    const db = new DatabaseSync(path, { readOnly: true });
    try {
      return db.prepare("SELECT * FROM stet_records ORDER BY rowid").all().map(textRow);
    } finally {
      db.close();
    }
  },
};

/** The rows of a store as a program that is not stet reads them. */
export function independentRows(path: string): TextRow[] {
  return readers[extname(path)]!(path);
}

function textRow(row: object): TextRow {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, String(value)]));
}
