import type { Finding } from "./engine.ts";

/** The finding that so many rows are there more than once. */
export function repeatedFinding(count: number, isRepaired: boolean): Finding {
  return {
    kind: "repeated",
    message: count === 1 ? "1 row equals an earlier one" : `${count} rows equal an earlier one`,
    repaired: isRepaired ? "removed, the first is kept" : undefined,
  };
}
