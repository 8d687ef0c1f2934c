const MINUS = 45, POINT = 46, ZERO = 48, NINE = 57;

/** The maximum length of a cell whose digits a double keeps exactly. */
const MAX_LENGTH = 16;
/** The powers of ten by the number of digits after the point: doubles have them exactly. */
const POWERS = Array.from({ length: MAX_LENGTH }, (_, i) => 10 ** i);

/**
 * Returns the number that an unquoted cell of at most 15 digits spells, without a text of it: `7`, `-0.5`, `1e-3`
 * not. NaN for every other cell.
 *
 * Its digits as an integer and the power of ten are exact doubles, so their quotient is the double that is nearest
 * to the number (Clinger, How to Read Floating Point Numbers Accurately, 1990).
 */
export function plainNumber(bytes: Uint8Array, start: number, end: number): number {
  const isNegative = bytes[start] === MINUS;
  let i = isNegative ? start + 1 : start;
  if (end - i > MAX_LENGTH || i >= end) return NaN;
  let digits = 0;
  let point = -1;
  for (; i < end; i++) {
    const c = bytes[i]!;
    if (c >= ZERO && c <= NINE) digits = digits * 10 + (c - ZERO);
    else if (c === POINT && point === -1 && i + 1 < end) point = i;
    else return NaN;
  }
  const first = isNegative ? start + 1 : start;
  if (point === first || end - first === MAX_LENGTH && point === -1) return NaN;
  const number = point === -1 ? digits : digits / POWERS[end - point - 1]!;
  return isNegative && number !== 0 ? -number : number;
}
