/** Returns the time of a text as stet writes it, `2026-11-21T14:22:01.123Z`, in seconds; NaN for others. */
export function ownTime(text: string): number {
  if (text.length !== 24 || text[10] !== "T" || text[23] !== "Z" || text[19] !== ".") return NaN;
  if (text[4] !== "-" || text[7] !== "-" || text[13] !== ":" || text[16] !== ":") return NaN;
  const [year, month, day] = [digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10)];
  const [hour, minute, second] = [digits(text, 11, 13), digits(text, 14, 16), digits(text, 17, 19)];
  const isValid = year >= 100 && month >= 1 && month <= 12 && day >= 1 && day <= 31 &&
    hour < 24 && minute < 60 && second < 60;
  if (!isValid) return NaN;
  const time = Date.UTC(year, month - 1, day, hour, minute, second, digits(text, 20, 23));
  // Of a day that the month does not have, runtimes differ.
  return day > 28 && new Date(time).getUTCDate() !== day ? NaN : time / 1000;
}

/** Returns the text that {@linkcode ownTime} was given. @param seconds Its result. */
export function ownTimeText(seconds: number): string {
  return new Date(Math.round(seconds * 1000)).toISOString();
}

function digits(text: string, start: number, end: number): number {
  let number = 0;
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return NaN;
    number = number * 10 + digit;
  }
  return number;
}
