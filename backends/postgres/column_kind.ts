import { readCell, writeCell } from "../../core/values/cell.ts";
import { isReserved } from "../../core/values/columns.ts";
import type { Value } from "../../core/values/value.ts";

/**
 * Content of a column: integers, numbers, booleans, cell text. Columns of other types are of other programs:
 * their values are read and written as text.
 */
export type Kind = "bigint" | "double" | "boolean" | "text" | "other";

/** The types of columns that are made here. */
export const SQL_TYPES: Readonly<Record<Exclude<Kind, "other">, string>> = {
  bigint: "bigint",
  double: "double precision",
  boolean: "boolean",
  text: "text",
};

/** A column of a table. */
export interface Column {
  readonly name: string;
  readonly kind: Kind;
  /** Its type as the server spells it. */
  readonly type: string;
}

/** Returns the kind of a column by its type. */
export function kindOfType(type: string): Kind {
  if (/^(?:bigint|integer|smallint)$/.test(type)) return "bigint";
  if (type === "double precision") return "double";
  if (type === "boolean") return "boolean";
  return /^(?:text|character varying(?:\(\d+\))?)$/.test(type) ? "text" : "other";
}

/** Returns the type of values of a kind as parameters. */
export function parameterType(kind: Kind): string {
  return kind === "other" ? "text" : SQL_TYPES[kind];
}

/** True if a column can hold a value. Null is in no column: SQL has it for what is absent. */
export function fits(value: Value, kind: Kind): boolean {
  if (value === null) return false;
  switch (kind) {
    case "bigint":
      return typeof value === "bigint" ? isInt64(value) : Number.isSafeInteger(value);
    case "double":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    default:
      return true;
  }
}

/** Returns a value as a parameter. */
export function encode(value: Value, kind: Kind): string {
  return kind === "text" || kind === "other" ? writeCell(value) : String(value);
}

/** Returns the value of a column as the server spells it. */
export function decode(text: string, kind: Kind): Value | undefined {
  switch (kind) {
    case "bigint": {
      const number = Number(text);
      return Number.isSafeInteger(number) ? number : BigInt(text);
    }
    case "double":
      return Number(text) + 0; // no -0
    case "boolean":
      return text === "t";
    default:
      return readCell(text);
  }
}

/** Returns the kind of a new column for values, undefined if all of them are null. */
export function kindFor(name: string, values: Iterable<Value>): Exclude<Kind, "other"> | undefined {
  let kind: Exclude<Kind, "other"> | undefined;
  for (const value of values) {
    if (value === null) continue;
    const own = ownKind(value);
    if (kind === undefined || kind === own) kind = own;
    else kind = isNumeric(kind) && isNumeric(own) ? "double" : "text";
  }
  // A result that is integral by chance, as a loss of 1, is a number like the next one.
  if (kind === "bigint" && isReserved(name)) kind = "double";
  if (kind !== "double") return kind;
  for (const value of values) {
    if (value !== null && typeof value !== "number") return wideKind(values);
  }
  return kind;
}

/** The kind of numbers among which are integers that no double holds. */
function wideKind(values: Iterable<Value>): "bigint" | "text" {
  for (const value of values) if (value !== null && ownKind(value) !== "bigint") return "text";
  return "bigint";
}

function ownKind(value: Exclude<Value, null>): Exclude<Kind, "other"> {
  switch (typeof value) {
    case "number":
      return Number.isSafeInteger(value) ? "bigint" : "double";
    case "bigint":
      return isInt64(value) ? "bigint" : "text";
    case "boolean":
      return "boolean";
    default:
      return "text";
  }
}

function isNumeric(kind: Kind): boolean {
  return kind === "bigint" || kind === "double";
}

function isInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}
