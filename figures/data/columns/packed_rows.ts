import { ELAPSED, TIMESTAMP } from "../../../core/values/columns.ts";
import { isPlainObject, type Row, type Value } from "../../../core/values/value.ts";
import type { Values } from "./column.ts";
import { ownTime } from "./own_time.ts";

/** The end of a record's run. */
export const CREATED = "created_at";
/** The custom data of a record: an object, whose entries are its results. */
export const CUSTOM_DATA = "custom_data";

/** Rows by column, as they are sent to a thread: several times cheaper than objects. */
export interface PackedRows {
  readonly length: number;
  readonly names: readonly string[];
  /** The values of each column; undefined, or past the end, where a row has none. */
  readonly columns: readonly Values[];
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
  const [timestamp, created, elapsed, custom] = [TIMESTAMP, CREATED, ELAPSED, CUSTOM_DATA]
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

/** A record keeps its duration in its custom data. */
function durationOf(elapsed: Value | undefined, custom: Value | undefined): number | null {
  const seconds = elapsed ?? (isPlainObject(custom) ? custom["elapsed_seconds"] : undefined);
  return typeof seconds === "number" && Number.isFinite(seconds) ? seconds : null;
}
