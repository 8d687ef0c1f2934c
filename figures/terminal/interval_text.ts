import { linearScale } from "../draw/scales.js";

/** An interval on a common axis. */
export interface TextInterval {
  /** The ends of the thin line, of the thick one, and the dot; null ones are not drawn. */
  readonly thin: readonly [number, number] | null;
  readonly thick: readonly [number, number] | null;
  readonly dot: number;
}

/** Returns an interval as characters: `  ──━━━●━━───  `. */
export function intervalText(
  { thin, thick, dot }: TextInterval,
  domain: readonly [number, number],
  width: number,
): string {
  const scale = linearScale(domain, [0, width - 1]);
  const cells = Array<string>(width).fill(" ");
  const fill = (range: readonly [number, number] | null, character: string): void => {
    if (range === null || !range.every(Number.isFinite)) return;
    const [from, to] = range.map((it) => Math.round(scale(it))) as [number, number];
    cells.fill(character, from, Math.max(to, from) + 1);
  };
  fill(thin, "─");
  fill(thick, "━");
  if (Number.isFinite(dot)) cells[Math.round(scale(dot))] = "●";
  return cells.join("");
}
