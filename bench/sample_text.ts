import { Buffer } from "node:buffer";
import fs from "node:fs";
import { paramsAt, timestamp } from "./sample_rows.ts";

/** The formats that are text. */
export type TextFormat = ".csv" | ".json" | ".jsonl";

/** Layout of rows in a text file. */
interface Spelling {
  readonly head: string;
  /** Text before the first row, and before every other. */
  readonly first: string;
  readonly next: string;
  row(i: number): string;
  /** Text after the last row, rewritten with every row. */
  readonly closing: string;
  /** Number of newlines in a file besides those of its rows. */
  readonly newlines: number;
}

const spellings: Readonly<Record<TextFormat, Spelling>> = {
  ".csv": {
    head: "alpha,seed,model,_stet_timestamp\n",
    first: "",
    next: "",
    row(i): string {
      const { alpha, seed, model } = paramsAt(i);
      return `${alpha},${seed},${model},${timestamp}\n`;
    },
    closing: "",
    newlines: 1,
  },
  ".json": { head: "[", first: "\n ", next: ",\n ", row: object, closing: "\n]\n", newlines: 2 },
  ".jsonl": {
    head: "",
    first: "",
    next: "",
    row: (i) => `${object(i)}\n`,
    closing: "",
    newlines: 0,
  },
};

function object(i: number): string {
  const { alpha, seed, model } = paramsAt(i);
  return `{"alpha": ${alpha}, "seed": ${seed}, "model": "${model}", ` +
    `"_stet_timestamp": "${timestamp}"}`;
}

/** Writes a new file of `rows` rows. */
export function makeText(path: string, rows: number, format: TextFormat): void {
  const { head, first, next, row, closing } = spellings[format];
  const fd = fs.openSync(path, "wx");
  try {
    let text = head;
    for (let i = 0; i < rows; i++) {
      text += (i === 0 ? first : next) + row(i);
      if (text.length < 1 << 20) continue;
      fs.writeSync(fd, text);
      text = "";
    }
    fs.writeSync(fd, text + closing);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Returns the number of rows of a file with this many newlines. */
export function rowsIn(newlines: number, format: TextFormat): number {
  return newlines - spellings[format].newlines;
}

/** Adds a row to a file of `rows` rows: one write, and for `"power"` a sync. */
export function textRecorder(
  path: string,
  rows: number,
  format: TextFormat,
  durability: "power" | "process",
): { record(): void; close(): void } {
  const { next, row, closing } = spellings[format];
  // Written over and over.
  const added = Array.from(
    { length: 1024 },
    (_, i) => Buffer.from(next + row(rows + i) + closing),
  );
  const fd = fs.openSync(path, "r+");
  let end = fs.fstatSync(fd).size - closing.length;
  let count = 0;
  return {
    record(): void {
      const bytes = added[count++ & 1023]!;
      fs.writeSync(fd, bytes, 0, bytes.length, end);
      end += bytes.length - closing.length;
      if (durability === "power") fs.fdatasyncSync(fd);
    },
    close: () => fs.closeSync(fd),
  };
}
