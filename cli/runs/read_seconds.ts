import type { Kind } from "../options.ts";
import { UsageError } from "../usage_error.ts";

const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * Returns the seconds of a duration: `30s`, `500ms`, `1.5h`, `1h30m`; a number alone is seconds.
 *
 * @param option Name of the option, for the error.
 * @throws {UsageError} If it spells none, or 0.
 */
export function readSeconds(text: string, option: string): number {
  const part = /(\d+(?:\.\d*)?|\.\d+)(ms|[smhd])/y;
  let seconds = /^(?:\d+(?:\.\d*)?|\.\d+)$/.test(text) ? Number(text) : 0;
  let end = seconds > 0 ? text.length : 0;
  for (let found; end < text.length && (found = part.exec(text)); end = part.lastIndex) {
    seconds += Number(found[1]) * SECONDS[found[2]!]!;
  }
  if (end < text.length) seconds = 0;
  if (seconds > 0) return seconds;
  throw new UsageError(`${option} must be a time such as 30s, 5m, 1h30m or 2d, got "${text}"`);
}

/** A duration in seconds, as the value of an option. */
export const time: Kind<number> = { value: "time", read: readSeconds };
