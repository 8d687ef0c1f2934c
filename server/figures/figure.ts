import type { SqlValue } from "../mirror/mirror_value.ts";

/** What an aggregate gives. */
export type Figure = SqlValue | undefined;

/** A figure as a number; null if there is none. */
export function plainNumber(figure: Figure): number | null {
  return typeof figure === "number" || typeof figure === "bigint" ? Number(figure) : null;
}
