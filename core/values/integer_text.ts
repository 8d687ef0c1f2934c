/**
 * The most digits of an integer. A cell or a line with a longer one would keep an engine busy for
 * seconds to minutes: it is read in more than linear time.
 */
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
