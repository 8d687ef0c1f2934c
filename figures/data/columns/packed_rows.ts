import { ELAPSED, TIMESTAMP } from "../../../core/values/columns.ts";
import { isPlainObject, type Row, type Value } from "../../../core/values/value.ts";

/** Rows by column, as they are sent to a thread: several times cheaper than objects. */
export interface PackedRows {
  readonly length: number;
  readonly names: readonly string[];
  /** The values of each column; undefined, or past the end, where a row has none. */
  readonly columns: readonly (readonly (Value | undefined)[])[];
}

/** A batch is full with so many cells; a long text counts as several. */
const MAX_CELLS = 20_000;
/** The length of a text that counts as one cell. */
const CELL_LENGTH = 64;

/** Packs rows in batches. */
export async function* packRows(rows: AsyncIterable<Row>): AsyncGenerator<PackedRows> {
  let columns = new Map<string, (Value | undefined)[]>();
  let length = 0;
  let cells = 0;
  const packed = (): PackedRows => ({
    length,
    names: [...columns.keys()],
    columns: [...columns.values()],
  });
  for await (const row of rows) {
    for (const name of Object.keys(row)) {
      const value = row[name]!;
      let column = columns.get(name);
      if (!column) columns.set(name, column = []);
      while (column.length < length) column.push(undefined);
      column.push(value);
      cells += 1 + (typeof value === "string" ? Math.floor(value.length / CELL_LENGTH) : 0);
    }
    length++;
    cells++;
    if (cells < MAX_CELLS) continue;
    yield packed();
    columns = new Map();
    length = cells = 0;
  }
  if (length > 0) yield packed();
}

/** Returns the readers of a row's end of the run, in seconds since 1970, and of its duration in seconds. */
export function runTimes({ names, columns }: PackedRows): ((row: number) => number | null)[] {
  const [timestamp, created, elapsed, custom] = [TIMESTAMP, "created_at", ELAPSED, "custom_data"]
    .map((name) => columns[names.indexOf(name)]);
  return [
    (row) => endOf(timestamp?.[row] ?? created?.[row]),
    (row) => durationOf(elapsed?.[row], custom?.[row]),
  ];
}

function endOf(text: Value | undefined): number | null {
  if (typeof text !== "string") return null;
  const quick = ownTime(text);
  if (!Number.isNaN(quick)) return quick;
  // Records have no zone, and are in UTC.
  const hasZone = text.endsWith("Z") || /[+-]\d\d:?\d\d$/.test(text);
  const time = Date.parse(hasZone ? text : `${text.replace(" ", "T")}Z`);
  return Number.isNaN(time) ? null : time / 1000;
}

/** Returns the time of a text as stet writes it, `2026-11-21T14:22:01.123Z`, in seconds; NaN for others. */
function ownTime(text: string): number {
  if (text.length !== 24 || text[10] !== "T" || text[23] !== "Z") return NaN;
  const [year, month, day] = [digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10)];
  const [hour, minute, second] = [digits(text, 11, 13), digits(text, 14, 16), digits(text, 17, 19)];
  const last = month === 2 ? 28 : 30; // of the other days, runtimes differ
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= last && hour < 24 && minute < 60)) {
    return NaN;
  }
  return Date.UTC(year, month - 1, day, hour, minute, second, digits(text, 20, 23)) / 1000;
}

function digits(text: string, start: number, end: number): number {
  let number = 0;
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return NaN;
    number = number * 10 + digit;
  }
  return number;
}

/** A record keeps its duration in its custom data. */
function durationOf(elapsed: Value | undefined, custom: Value | undefined): number | null {
  const seconds = elapsed ?? (isPlainObject(custom) ? custom["elapsed_seconds"] : undefined);
  return typeof seconds === "number" && Number.isFinite(seconds) ? seconds : null;
}
