/** Maximum number of digits of an integer: longer ones are read in more than linear time. */
export const MAX_DIGITS = 10_000;

/** True if digits, with or without a sign, are few enough to be an integer. */
export function isShortInteger(digits: string): boolean {
  return digits.length <= MAX_DIGITS || digits.length === MAX_DIGITS + 1 && /^[+-]/.test(digits);
}

/** The first integer that has more digits. */
let tooLarge: bigint | undefined;

/** True if an integer has more than {@linkcode MAX_DIGITS} digits. */
export function isTooLong(integer: bigint): boolean {
  tooLarge ??= 10n ** BigInt(MAX_DIGITS);
  return integer >= tooLarge || integer <= -tooLarge;
}

/**
 * Returns a number as Python's `repr` of the same float: `0.1`, `5.0`, `1e-05`, `1e+16`, `-0.0`, `nan`, `inf`.
 * Both languages print the fewest digits that read back as the same double, and differ in form
 * only: Python has an exponent from 1e16 up and below 1e-4, of two digits at least
 * (https://docs.python.org/3/library/stdtypes.html#float, `float_repr_style` "short").
 */
export function floatText(x: number): string {
  const size = Math.abs(x);
  if (size >= 1e-4 && size < 1e16) return Number.isInteger(x) ? `${x}.0` : fractionText(x);
  if (x === 0) return Object.is(x, -0) ? "-0.0" : "0.0";
  if (size === Infinity) return x > 0 ? "inf" : "-inf";
  if (Number.isNaN(x)) return "nan";
  return x.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
}

/** Number of fractions whose text is kept. A power of two. */
const FRACTIONS = 1024;
const fractions = new Float64Array(FRACTIONS);
const fractionTexts: string[] = Array(FRACTIONS).fill("");

/** Returns the text of a number that is not an integer. A grid has few, each in many combinations. */
function fractionText(x: number): string {
  const at = x * 10_000 & FRACTIONS - 1;
  if (fractions[at] === x) return fractionTexts[at]!;
  fractions[at] = x;
  return fractionTexts[at] = `${x}`;
}

/**
 * Returns a number in the spelling of cells and of canonical JSON: an integer below 2^53 in magnitude
 * by its digits (`5`; `-0` is `0`), every other number as {@linkcode floatText} does.
 */
export function numberText(x: number): string {
  return Number.isSafeInteger(x) ? `${x}` : floatText(x);
}
