import { ELAPSED, TIMESTAMP } from "../../core/values/columns.ts";
import { isPlainObject, type Value } from "../../core/values/value.ts";
import type { PackedRows } from "./packed_rows.ts";

/** Reads a value of a row, by the row's number. */
export type RowReader = (row: number) => number | null;

/** Returns the readers of a run's end, in seconds since 1970, and of its duration in seconds. */
export function runTimes({ names, columns }: PackedRows): RowReader[] {
  const [timestamp, created, elapsed, custom] = [TIMESTAMP, "created_at", ELAPSED, "custom_data"]
    .map((name) => columns[names.indexOf(name)]);
  return [
    (row) => endOf(timestamp?.[row] ?? created?.[row]),
    (row) => durationOf(elapsed?.[row], custom?.[row]),
  ];
}

function endOf(text: Value | undefined): number | null {
  if (typeof text !== "string") return null;
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
