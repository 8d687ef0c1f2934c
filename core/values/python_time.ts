/**
 * A time as `str()` of Python's `datetime` spells it, which entropic makes ids of: without a zone, and
 * with microseconds unless they are 0. Undefined for a text that is no time, or in a zone but UTC, and for a
 * time that no calendar has, which Python could not read.
 */
export function pythonTime(text: string): string | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|\+00:00)?)?$/.exec(text);
  if (!match) return undefined;
  const [, date = "", time = "00:00:00", fraction = ""] = match;
  if (!isInCalendar(date, time)) return undefined;
  const micros = fraction.slice(0, 6).padEnd(6, "0");
  return `${date} ${time}${micros === "000000" ? "" : `.${micros}`}`;
}

/** A day as `str()` of Python's `date` spells it. Undefined for a text that is none, or has a time of day. */
export function pythonDate(text: string): string | undefined {
  const [date, time] = pythonTime(text)?.split(" ") ?? [];
  return time === "00:00:00" ? date : undefined;
}

function isInCalendar(date: string, time: string): boolean {
  const parsed = new Date(`${date}T${time}Z`);
  return date >= "0001" && !Number.isNaN(parsed.getTime()) &&
    parsed.toISOString().startsWith(`${date}T${time}`);
}
