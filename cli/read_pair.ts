import { readCell } from "../core/cell.ts";
import type { Value } from "../core/value.ts";
import { UsageError } from "./command.ts";

/**
 * Gives the name and the value of `name=value`, the value written as in a CSV store.
 *
 * @throws {UsageError} If one of them is missing.
 */
export function readPair(text: string): [name: string, value: Value] {
  const at = text.indexOf("=");
  const name = text.slice(0, Math.max(at, 0)).trim();
  const value = readCell(text.slice(at + 1));
  if (name === "" || value === undefined) {
    throw new UsageError(`expected name=value, got "${text}"; an empty text is written name='""'`);
  }
  return [name, value];
}
