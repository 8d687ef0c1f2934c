import { Buffer } from "node:buffer";
import { canonicalCell, readCell, writeCell } from "../../core/values/cell.ts";
import { canonicalJson } from "../../core/values/json.ts";
import type { Value } from "../../core/values/value.ts";

/** What SQLite keeps in a column; integers are read as bigints. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** What affinity does to what is bound: a TEXT column makes text of numbers, others do not. */
export type Affinity = "TEXT" | "NUMERIC";

/**
 * A value as it is bound to a column: numbers as numbers, so that SQL on them is numeric, everything
 * else as cell text; in TEXT columns, as Python's stet makes them, all as cell text.
 *
 * A float that is integral and from 2^53 up would be made an integer by the column, and read back as a
 * bigint, so its cell text is kept as a BLOB, which no affinity touches.
 */
export function toSql(value: Value, affinity: Affinity): SqlValue {
  const isNumber = typeof value === "number" && Number.isFinite(value) || isInt64(value);
  if (affinity === "TEXT" || !isNumber) return writeCell(value);
  if (typeof value === "bigint") return value;
  const isTakenForInteger = Number.isInteger(value) && !Number.isSafeInteger(value) &&
    Math.abs(value as number) <= 2 ** 63;
  return isTakenForInteger ? Buffer.from(writeCell(value)) : value as number;
}

/** The value of a column; undefined (absent) for NULL. */
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

/** All that a column may hold for a value: in text, also as Python and other tools spell it. */
export function spellings(value: Value, affinity: Affinity): SqlValue[] {
  const cell = toSql(value, affinity);
  if (typeof cell !== "string" || cell === value) return [cell];
  const others = otherSpellings(value, cell).filter((text) => {
    // A NUMERIC column would make a float of digits; UTF-8 makes U+FFFD of half a pair.
    return canonicalCell(text) === cell && text.isWellFormed() &&
      !(affinity === "NUMERIC" && /^-?[0-9]+$/.test(text));
  });
  return [...new Set([cell, ...others])];
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

/** JSON as Python's `json.dumps` writes it by default. */
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
