const POINT = 46, MINUS = 45, ZERO = 48, NINE = 57;

/**
 * Returns true if the bytes of a cell are surely ASCII and in canonical spelling (writing the value that they
 * spell gives them again), so that they need not be decoded.
 */
export function isPlainCell(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start]!;
  if (first >= ZERO && first <= NINE || first === MINUS) {
    return isPlainNumberOrText(bytes, start, end);
  }
  // Words that spell a constant begin with t, f, n or i and have at most 8 letters.
  const lower = first | 32;
  const isLetter = lower >= 97 && lower <= 122;
  if (!isLetter || end - start <= 8 && isConstantInitial(lower)) return false;
  return isPrintable(bytes, start + 1, end);
}

function isConstantInitial(lower: number): boolean {
  return lower === 116 || lower === 102 || lower === 110 || lower === 105;
}

/** Returns true for printable ASCII without white space at the end. */
function isPrintable(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const c = bytes[i]!;
    if (c < 32 || c > 126) return false;
  }
  return bytes[end - 1] !== 32;
}

/** Returns true for an integer or decimal of up to 15 digits without needless zeros, or text such as a date. */
function isPlainNumberOrText(bytes: Uint8Array, start: number, end: number): boolean {
  let i = start;
  if (bytes[i] === MINUS) i++;
  const digits = i;
  while (i < end && bytes[i]! >= ZERO && bytes[i]! <= NINE) i++;
  const whole = i - digits;
  if (whole === 0) return false;
  if (i === end) {
    // Not "-0", "007", or an integer beyond 2^53.
    return whole <= 15 && (bytes[digits] !== ZERO || whole === 1 && digits === start);
  }
  if (bytes[i] === POINT) {
    const fraction = ++i;
    while (i < end && bytes[i]! >= ZERO && bytes[i]! <= NINE) i++;
    if (i === end) {
      // 15 digits survive the way through a double, so the shortest spelling is this one; values
      // below 1e-4 would be spelled with an exponent.
      const isSmall = bytes[digits] === ZERO;
      return i - digits <= 16 && i > fraction && bytes[i - 1] !== ZERO &&
        (!isSmall || whole === 1 && !startsWithZeros(bytes, fraction, i));
    }
  }
  // The next byte decides between a number in another spelling and text: 2026-01-01, 3f2a, 10 %.
  const c = bytes[i]!;
  const lower = c | 32;
  const isText = c === MINUS || lower >= 97 && lower <= 122 && lower !== 101 && lower !== 110;
  return isText && isPrintable(bytes, i, end);
}

/** Returns true if a fraction begins with four zeros or more. */
function startsWithZeros(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start > 4 && bytes[start] === ZERO && bytes[start + 1] === ZERO &&
    bytes[start + 2] === ZERO && bytes[start + 3] === ZERO;
}
