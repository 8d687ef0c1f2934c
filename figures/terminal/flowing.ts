import { displayWidth } from "../../core/display/display_width.ts";

/** Joins pieces, with spaces between them, into lines of a width. Escape sequences have none. */
export function flowing(pieces: readonly string[], width: number, space = "  "): string[] {
  const lines: string[] = [];
  for (const piece of pieces.filter((it) => it !== "")) {
    const last = lines.at(-1);
    // deno-lint-ignore no-control-regex
    const joined = `${last}${space}${piece}`.replace(/\x1b\[[\d;]*m/g, "");
    if (last === undefined || displayWidth(joined) > width) lines.push(piece);
    else lines[lines.length - 1] = `${last}${space}${piece}`;
  }
  return lines;
}
