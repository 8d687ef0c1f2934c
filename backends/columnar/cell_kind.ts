import type { CellColumn } from "../../core/contract/cell_batch.ts";
import { BOOLEAN, DOUBLE, INTEGER, joinKinds, LONG, type SeenKind, TEXT } from "./column_kind.ts";
import { decodeUtf8 } from "../text/decode_utf8.ts";

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
  for (let i = 1, start = 0; i < offsets.length && kind !== TEXT; i++) {
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
    if (i === end && end - digits <= SAFE_DIGITS) return INTEGER;
    if (bytes[i] === POINT) {
      do i++; while (i < end && bytes[i]! >= ZERO && bytes[i]! <= NINE);
      if (i === end) return DOUBLE;
    }
  }
  if (end - start > 30) return TEXT; // longer than any number of int64 or a double
  const cell = decodeUtf8(bytes, start, end);
  if (cell === "True" || cell === "False") return BOOLEAN;
  if (cell === "nan" || cell === "inf" || cell === "-inf") return DOUBLE;
  if (INTEGRAL.test(cell)) return Number.isSafeInteger(Number(cell)) ? INTEGER : longOf(cell);
  return NUMERAL.test(cell) ? DOUBLE : TEXT;
}

function longOf(cell: string): SeenKind {
  const value = BigInt(cell);
  return BigInt.asIntN(64, value) === value ? LONG : TEXT;
}
