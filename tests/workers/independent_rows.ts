import { parse } from "csv-parse/sync";
import { readFileSync } from "node:fs";
import { extname } from "node:path";

type TextRow = Readonly<Record<string, string>>;

const readers: Readonly<Record<string, (bytes: Uint8Array) => TextRow[]>> = {
  ".csv": (bytes) => parse(bytes, { columns: true }),
};

/** The rows of a store as a program that is not stet reads them. */
export function independentRows(path: string): TextRow[] {
  return readers[extname(path)]!(readFileSync(path));
}
