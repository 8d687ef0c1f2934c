/** Returns a time as text, of two or three digits. @param microseconds The time. */
export function timeText(microseconds: number): string {
  const [value, unit] = microseconds >= 1e6
    ? [microseconds / 1e6, "s"]
    : microseconds >= 1000
    ? [microseconds / 1000, "ms"]
    : [microseconds, "µs"];
  return `${Number(value.toPrecision(value >= 100 ? 3 : 2)).toLocaleString("en")} ${unit}`;
}
