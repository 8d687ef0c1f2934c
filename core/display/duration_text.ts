const UNITS = [["d", 86_400], ["h", 3600], ["m", 60], ["s", 1]] as const;

/** Returns a duration in two units at most: `40ms`, `1.4s`, `12s`, `1m 20s`, `2h 5m`, `3d`. */
export function durationText(seconds: number): string {
  if (seconds < 0.0005) return "0s";
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)}ms`;
  if (seconds < 9.95) return `${Math.round(seconds * 10) / 10}s`;
  let rest = Math.round(seconds);
  const first = UNITS.findIndex(([, size]) => rest >= size);
  // Rounding may reach the next larger unit: 119m 59s and a half is 2h.
  const [, smallest] = UNITS[Math.min(first + 1, UNITS.length - 1)]!;
  rest = Math.round(rest / smallest) * smallest;
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.join(" ");
}
