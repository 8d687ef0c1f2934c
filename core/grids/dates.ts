import { described } from "../values/described.ts";
import { type Sequence, sequence } from "./sequence.ts";

/** A month, a day, or a time to the minute or second, with the zone that is written. */
const TIME = /^(\d{4})-(\d\d)(?:-(\d\d)(?:([T ])(\d\d):(\d\d)(?::(\d\d))?(Z|[+-]\d\d:\d\d)?)?)?$/;

/** Lengths of a step's unit: milliseconds, or months of the calendar. */
const UNITS: Readonly<Record<string, { readonly ms: number } | { readonly months: number }>> = {
  s: { ms: 1000 },
  m: { ms: 60_000 },
  h: { ms: 3_600_000 },
  d: { ms: 86_400_000 },
  w: { ms: 604_800_000 },
  mo: { months: 1 },
  y: { months: 12 },
};

/** A form that times are written in, and the units of a step that it can show. */
interface Form {
  readonly name: string;
  readonly units: readonly string[];
  /** Number of characters of ISO 8601. */
  readonly length: number;
  /** What follows `2024-01-31` in a finer form; undefined for the finest. */
  readonly finer: string | undefined;
}

const MONTH: Form = { name: "months", units: ["mo", "y"], length: 7, finer: "-01" };
const DAY: Form = {
  name: "days",
  units: ["d", "w", ...MONTH.units],
  length: 10,
  finer: "T00:00",
};
const MINUTE: Form = { name: "minutes", units: ["m", "h", ...DAY.units], length: 16, finer: ":00" };
const SECOND: Form = {
  name: "seconds",
  units: ["s", ...MINUTE.units],
  length: 19,
  finer: undefined,
};

/** A time as it is written. */
interface Written {
  readonly text: string;
  readonly form: Form;
  /** The clock's time, read as UTC, in milliseconds. */
  readonly ms: number;
  /** What is between day and time. */
  readonly separator: string;
  readonly zone: string;
}

/**
 * Gives the dates or times from `start` to `end`, both included, `step` apart, as texts of the same form:
 * `2024-01-31`, `2024-01` or `2024-01-31T06:00`, with or without seconds and a zone (`Z`, `+02:00`).
 *
 * A step is a whole number of seconds (`30s`), minutes (`15m`), hours (`6h`), days (`1d`, the default),
 * weeks (`1w`), months (`1mo`, the default of months) or years (`1y`); with a minus it leads back. Months are those of the
 * calendar, counted from `start`: after `2024-01-31` come `2024-02-29` and `2024-03-31`. Times are read as
 * UTC, or at the offset that is written, so that every day has 24 hours. If no whole number of steps leads
 * to `end`, the last one is the one before it.
 *
 * @throws {TypeError} If an end is no text.
 * @throws {RangeError} If an end is no such date, the ends differ in form, or the step is none, is finer than
 * the ends, or leads away from `end`.
 *
 * @example
 * ```ts
 * import { dates } from "@stet/stet";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual([...dates("2024-02-28", "2024-03-01")], ["2024-02-28", "2024-02-29", "2024-03-01"]);
 * assert.deepEqual([...dates("2024-01-31", "2024-03-31", "1mo")], [
 *   "2024-01-31",
 *   "2024-02-29",
 *   "2024-03-31",
 * ]);
 * ```
 */
export function dates(start: string, end: string, step?: string): Sequence<string> {
  const what = `dates from ${start} to ${end}`;
  const [first, last] = [writtenTime(what, "start", start), writtenTime(what, "end", end)];
  const { form, separator, zone } = first;
  if (form !== last.form || separator !== last.separator || zone !== last.zone) {
    throw new RangeError(
      `Cannot make ${what}: the ends differ in form; write both alike, as in 2024-01-01 and 2024-12-31`,
    );
  }
  const { count, unit, text } = readStep(what, step ?? (form === MONTH ? "1mo" : "1d"), first);
  const sign = Math.sign(count);
  if (sign * (last.ms - first.ms) < 0) {
    const back = text.startsWith("-") ? text.slice(1) : `-${text}`;
    throw new RangeError(
      `Cannot make ${what}: step ${text} leads away from the end; pass ${back}`,
    );
  }
  const at = "ms" in unit
    ? (i: number) => first.ms + i * count * unit.ms
    : (i: number) => addMonths(first.ms, i * count * unit.months);
  let steps = "ms" in unit
    ? Math.floor((last.ms - first.ms) / (count * unit.ms))
    : Math.floor(monthsBetween(first.ms, last.ms) / (count * unit.months));
  if (sign * (last.ms - at(steps)) < 0) steps--; // the month is the last one, the day is not reached
  return sequence(function* () {
    for (let i = 0; i <= steps; i++) {
      const iso = new Date(at(i)).toISOString().slice(0, form.length);
      yield iso.replace("T", separator) + zone;
    }
  }, steps + 1);
}

function writtenTime(what: string, name: string, text: unknown): Written {
  if (typeof text !== "string") {
    throw new TypeError(
      `Cannot make dates: ${name} is ${described(text)}, and must be a text such as "2024-01-31"`,
    );
  }
  const match = TIME.exec(text);
  const [, year, month, day = "01", separator = "T", hour = "00", minute = "00", second = "00"] =
    match ?? [];
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const ms = Date.parse(`${iso}.000Z`);
  // Runtimes differ in what they make of February 30.
  if (!match || Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(iso)) {
    throw new RangeError(
      `Cannot make ${what}: ${name} is no date of the calendar, such as 2024-01-31, 2024-01 or ` +
        "2024-01-31T06:00",
    );
  }
  const form = match[7] !== undefined
    ? SECOND
    : match[5] !== undefined
    ? MINUTE
    : match[3] !== undefined
    ? DAY
    : MONTH;
  return { text, form, ms, separator, zone: match[8] ?? "" };
}

function readStep(
  what: string,
  text: string,
  { form, text: start }: Written,
): { readonly count: number; readonly unit: (typeof UNITS)[string]; readonly text: string } {
  const [, digits, name = ""] = /^(-?\d{1,9})([a-z]+)$/.exec(text) ?? [];
  const unit = Object.hasOwn(UNITS, name) ? UNITS[name] : undefined;
  if (!unit || Number(digits) === 0) {
    throw new RangeError(
      `Cannot make ${what}: step is "${text}", and must be such as 30s, 15m, 6h, 1d, 1w, 1mo or 1y`,
    );
  }
  if (form.units.includes(name)) return { count: Number(digits), unit, text };
  const finer = form.finer === undefined ? "" : `; write them as ${start}${form.finer}`;
  throw new RangeError(
    `Cannot make ${what}: step ${text} is finer than the ends, which are ${form.name}${finer}`,
  );
}

function monthsBetween(from: number, to: number): number {
  const [start, end] = [new Date(from), new Date(to)];
  return (end.getUTCFullYear() - start.getUTCFullYear()) * 12 + end.getUTCMonth() -
    start.getUTCMonth();
}

/** Returns the time so many months later, on the last day of a month that has no such day. */
function addMonths(ms: number, months: number): number {
  const time = new Date(ms);
  const day = time.getUTCDate();
  time.setUTCDate(1);
  time.setUTCMonth(time.getUTCMonth() + months);
  const next = new Date(time);
  next.setUTCMonth(next.getUTCMonth() + 1, 0); // the last day
  time.setUTCDate(Math.min(day, next.getUTCDate()));
  return time.getTime();
}
