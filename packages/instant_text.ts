/**
 * Returns microseconds since 1970 in UTC as `2026-11-21T14:22:01.123`, in six digits where three do not
 * suffice; undefined beyond the range of `Date`.
 */
export function instantText(micros: bigint): string | undefined {
  const rest = ((micros % 1000n) + 1000n) % 1000n;
  const date = new Date(Number((micros - rest) / 1000n));
  if (Number.isNaN(date.getTime())) return undefined;
  const text = date.toISOString().slice(0, -1);
  return rest === 0n ? text : text + String(rest).padStart(3, "0");
}
