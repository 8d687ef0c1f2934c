import { readCell } from "../../core/values/cell.ts";
import type { CellColumn } from "../../core/contract/cell_batch.ts";
import type { Value } from "../../core/values/value.ts";
import { decodeUtf8 } from "../text/decode_utf8.ts";

/**
 * The type of a column in a columnar file: integers within int64, numbers, booleans, or cell text, which
 * spells values of any kind. An absent value is NULL in all of them; null is cell text (`None`).
 */
export type ColumnKind = "integer" | "double" | "boolean" | "text";

/** The kind of the cells of a column so far: `long` if it has integers that a double does not keep. */
export type SeenKind = ColumnKind | "long";

/** Returns the kind of a column with these cells. */
export function columnKind(seen: SeenKind): ColumnKind {
  return seen === "long" ? "integer" : seen;
}

/** Returns the kind of the cells of two columns. */
function joinKinds(a: SeenKind | undefined, b: SeenKind): SeenKind {
  if (a === b || a === undefined) return b;
  if (a === "text" || b === "text" || a === "boolean" || b === "boolean") return "text";
  if (a !== "double" && b !== "double") return "long";
  return a === "long" || b === "long" ? "text" : "double";
}

const POINT = 46, MINUS = 45, ZERO = 48, NINE = 57;
const NUMERAL = /^-?[0-9]+(?:\.[0-9]+)?(?:e[+-][0-9]+)?$/;
const INTEGRAL = /^-?[0-9]+$/;
/** Number of digits that a double keeps. */
const SAFE_DIGITS = 15;

/** Returns the kind of a column with more cells; undefined if none has a value. */
export function kindOfCells(
  { bytes, offsets }: CellColumn,
  seen: SeenKind | undefined,
): SeenKind | undefined {
  let kind = seen;
  for (let i = 1, start = 0; i < offsets.length && kind !== "text"; i++) {
    const end = offsets[i]!;
    if (end > start) kind = joinKinds(kind, kindOfCell(bytes, start, end));
    start = end;
  }
  return kind;
}

/** Returns the kind of a column with this canonical cell alone. */
function kindOfCell(bytes: Uint8Array, start: number, end: number): SeenKind {
  let i = bytes[start] === MINUS ? start + 1 : start;
  const digits = i;
  while (i < end && bytes[i]! >= ZERO && bytes[i]! <= NINE) i++;
  if (i > digits) {
    if (i === end && end - digits <= SAFE_DIGITS) return "integer";
    if (bytes[i] === POINT) {
      do i++; while (i < end && bytes[i]! >= ZERO && bytes[i]! <= NINE);
      if (i === end) return "double";
    }
  }
  if (end - start > 30) return "text"; // longer than any number of int64 or a double
  const cell = decodeUtf8(bytes, start, end);
  if (cell === "True" || cell === "False") return "boolean";
  if (cell === "nan" || cell === "inf" || cell === "-inf") return "double";
  if (INTEGRAL.test(cell)) return Number.isSafeInteger(Number(cell)) ? "integer" : longOf(cell);
  return NUMERAL.test(cell) ? "double" : "text";
}

function longOf(cell: string): SeenKind {
  const value = BigInt(cell);
  return BigInt.asIntN(64, value) === value ? "long" : "text";
}

/** Returns the value that a column of a kind holds as `stored`, as the readers of files give it. */
export function storedValue(stored: unknown, kind: ColumnKind): Value | undefined {
  if (stored === null) return undefined;
  switch (kind) {
    case "integer": {
      const number = Number(stored);
      return Number.isSafeInteger(number) ? number : stored as bigint;
    }
    case "double":
      return stored === 0 ? 0 : stored as number; // not -0
    case "boolean":
      return stored as boolean;
    case "text":
      return readCell(stored as string);
  }
}
