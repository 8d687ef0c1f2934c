import type { RowScanner } from "../log/format.ts";

const LF = 10;

/** Returns the offset of the first line but the first that is a whole row. */
export function lineAfter(rest: Uint8Array, scanner: RowScanner): number | undefined {
  for (let at = rest.indexOf(LF) + 1; at > 0 && at < rest.length;) {
    const next = rest.indexOf(LF, at);
    const end = next === -1 ? rest.length : next;
    const isWhole = !rest.subarray(at, end).includes(0) && scanner.last(rest, at, end, true);
    if (isWhole) return at;
    at = end + 1;
  }
  return undefined;
}
