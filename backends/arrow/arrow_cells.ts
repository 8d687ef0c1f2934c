import type { CellColumn } from "../../core/contract/cell_batch.ts";
import type { ApacheArrow, ArrowData, ArrowType } from "../../packages/apache_arrow.ts";
import type { ColumnKind } from "../columnar/column_kind.ts";
import { decodeUtf8 } from "../text/decode_utf8.ts";

const POINT = 46, MINUS = 45, ZERO = 48, NINE = 57, T = 84;
/** Number of digits that a double keeps. */
const SAFE_DIGITS = 15;
/** Exact; the runtimes do not agree on `10 ** n`. */
const POWERS = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
const WORDS: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, "-inf": -Infinity };

/** Returns cells in Arrow's memory layout, for a column of a kind that all of them have. */
export function cellsData(
  arrow: ApacheArrow,
  kind: ColumnKind,
  type: ArrowType,
  { bytes, offsets }: CellColumn,
): ArrowData {
  const length = offsets.length - 1;
  const nullBitmap = new Uint8Array(Math.ceil(length / 64) * 8);
  let nullCount = 0;
  const visit = (each: (at: number, start: number, end: number) => void): void => {
    for (let i = 0, start = 0; i < length; i++) {
      const end = offsets[i + 1]!;
      if (end === start) nullCount++;
      else {
        nullBitmap[i >> 3]! |= 1 << (i & 7);
        each(i, start, end);
      }
      start = end;
    }
  };
  switch (kind) {
    case "text":
      visit(() => {});
      return arrow.makeData({
        type,
        length,
        nullCount,
        nullBitmap,
        valueOffsets: offsets,
        data: bytes,
      });
    case "integer": {
      const data = new BigInt64Array(length);
      const halves = new Int32Array(data.buffer); // quicker than to make bigints; little-endian
      visit((at, start, end) => {
        if (end - start > SAFE_DIGITS) {
          data[at] = BigInt(decodeUtf8(bytes, start, end));
          return;
        }
        const value = numberOf(bytes, start, end);
        halves[2 * at] = value;
        halves[2 * at + 1] = Math.floor(value / 2 ** 32);
      });
      return arrow.makeData({ type, length, nullCount, nullBitmap, data });
    }
    case "double": {
      const data = new Float64Array(length);
      visit((at, start, end) => void (data[at] = numberOf(bytes, start, end)));
      return arrow.makeData({ type, length, nullCount, nullBitmap, data });
    }
    case "boolean": {
      const data = new Uint8Array(nullBitmap.length);
      visit((at, start) => {
        if (bytes[start] === T) data[at >> 3]! |= 1 << (at & 7);
      });
      return arrow.makeData({ type, length, nullCount, nullBitmap, data });
    }
  }
}

/** Returns the number that a canonical cell spells. */
function numberOf(bytes: Uint8Array, start: number, end: number): number {
  const isNegative = bytes[start] === MINUS;
  let digits = 0;
  let fraction = -1;
  let value = 0;
  for (let i = isNegative ? start + 1 : start; i < end; i++) {
    const c = bytes[i]!;
    if (c >= ZERO && c <= NINE) {
      value = value * 10 + c - ZERO;
      digits++;
      if (fraction >= 0) fraction++;
    } else if (c === POINT) fraction = 0;
    else digits = Infinity; // an exponent, or a word
  }
  if (digits > SAFE_DIGITS) {
    const text = decodeUtf8(bytes, start, end);
    return WORDS[text] ?? Number(text);
  }
  // Both are exact, so that their quotient is rounded once.
  const number = fraction > 0 ? value / POWERS[fraction]! : value;
  return isNegative ? -number : number;
}
