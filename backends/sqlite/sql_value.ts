import { Buffer } from "node:buffer";
import { canonicalCell, fileText, readCell, writeCell } from "../../core/values/cell.ts";
import { canonicalJson } from "../../core/values/json.ts";
import type { Value } from "../../core/values/value.ts";

/** A value as SQLite keeps it in a column. Integers are read as bigints. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** Affinity of a column: TEXT makes text of numbers that are bound to it, NUMERIC does not. */
export type Affinity = "TEXT" | "NUMERIC";

/**
 * Returns a value as it is bound to a column: a number as a number, so that SQL on it is numeric, any other
 * value as cell text. In TEXT columns, as Python's stet makes them, all values are cell text.
 *
 * SQLite would make an integer of an integral float from 2^53 up, which reads back as a bigint. Its cell text
 * is kept as a BLOB, which no affinity changes.
 */
export function toSql(value: Value, affinity: Affinity): SqlValue {
  if (affinity === "TEXT" || typeof value === "string") return fileText(value);
  if (isKeptAsNumber(value) || isInt64(value)) return value;
  return Number.isFinite(value) ? Buffer.from(writeCell(value)) : writeCell(value);
}

/** True for a number that SQLite keeps as it is. */
export function isKeptAsNumber(value: Value): value is number {
  return typeof value === "number" && Number.isFinite(value) &&
    (Number.isSafeInteger(value) || !Number.isInteger(value) || Math.abs(value) > 2 ** 63);
}

/** Returns the value of a column; undefined (absent) for NULL. */
export function fromSql(value: SqlValue): Value | undefined {
  switch (typeof value) {
    case "string":
      return readCell(value);
    case "bigint": {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : value;
    }
    case "number":
      return value;
    default:
      return value === null ? undefined : readCell(Buffer.from(value).toString("utf8"));
  }
}

/** Returns all that a column may hold for a value: in text, also the spellings of Python and other tools. */
export function spellings(value: Value, affinity: Affinity): readonly SqlValue[] {
  const stored = toSql(value, affinity);
  if (typeof stored !== "string") return [stored];
  const cell = writeCell(value);
  if (cell === value) return [cell];
  const others = [cell, ...otherSpellings(value, cell)].filter((text) => {
    // A NUMERIC column would make a float of digits; UTF-8 makes U+FFFD of half a pair.
    return canonicalCell(text) === cell && text.isWellFormed() &&
      !(affinity === "NUMERIC" && /^-?[0-9]+$/.test(text));
  });
  return [...new Set([stored, ...others])];
}

function otherSpellings(value: Value, cell: string): string[] {
  switch (typeof value) {
    case "boolean":
      return [`${value}`, `${value}`.toUpperCase()];
    case "string":
      return readCell(value) === value ? [value] : []; // "a\nb" unquoted
    case "number":
      if (value === 0) return ["0.0", "-0", "-0.0"];
      if (Number.isSafeInteger(value)) return [`${value}.0`];
      return Number.isNaN(value) ? ["NaN"] : [`${value}`];
    case "bigint":
      return [`${value}`];
    default:
      if (value === null) return ["null", "NULL"];
      return [spacedJson(value), cell];
  }
}

/** Returns JSON as Python's `json.dumps` writes it by default. */
export function spacedJson(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(spacedJson).join(", ")}]`;
  if (typeof value !== "object" || value === null) return canonicalJson(value);
  const entries = Object.entries(value).map(([name, entry]) =>
    `${canonicalJson(name)}: ${spacedJson(entry)}`
  );
  return `{${entries.join(", ")}}`;
}

function isInt64(value: Value): value is bigint {
  return typeof value === "bigint" && BigInt.asIntN(64, value) === value;
}
