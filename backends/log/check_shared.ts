import { StoreError } from "../../core/errors.ts";
import type { Key } from "../../core/keys/key.ts";
import { isReserved, TIMESTAMP } from "../../core/values/columns.ts";

/**
 * Checks that a file which stet did not write has a column of a key, so that no run is recorded in a
 * file of something else.
 *
 * @param known The columns of the file.
 * @throws {StoreError} If it has none of them.
 */
export function checkShared(
  path: string,
  known: readonly string[],
  { shape, values }: Key,
): void {
  if (known.length === 0 || known.includes(TIMESTAMP)) return;
  const wanted = (shape.columns ?? Object.keys(values)).filter((name) => !isReserved(name));
  if (wanted.length === 0 || wanted.some((name) => known.includes(name))) return;
  const shown = known.slice(0, 5).map((name) => JSON.stringify(name));
  if (known.length > 5) shown.push("…");
  throw new StoreError(
    `Cannot use "${path}" as a store of (${wanted.join(", ")}): stet did not write it, ` +
      `and it has other columns (${shown.join(", ")}); give the path of a store, or of a file ` +
      `that has one of these columns`,
  );
}
