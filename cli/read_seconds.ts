import { UsageError } from "./command.ts";

const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * Gives the seconds that a duration spells: `30s`, `500ms`, `1.5h`, `1h30m`; a number alone is
 * seconds.
 *
 * @param option Which option it is for, in the error.
 * @throws {UsageError} If it spells none, or 0.
 */
export function readSeconds(text: string, option: string): number {
  const parts = [...text.matchAll(/(\d+\.?\d*|\.\d+)(ms|s|m|h|d)/g)];
  const isWhole = parts.map(([part]) => part).join("") === text && text !== "";
  const seconds = isWhole
    ? parts.reduce((sum, [, count, unit]) => sum + Number(count) * SECONDS[unit!]!, 0)
    : /^(\d+\.?\d*|\.\d+)$/.test(text)
    ? Number(text)
    : 0;
  if (seconds > 0) return seconds;
  throw new UsageError(`${option} must be a time such as 30s, 5m, 1h30m or 2d, got "${text}"`);
}
