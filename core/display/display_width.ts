const ASCII = /^[\x20-\x7e]*$/;

/** Characters that take two cells of a terminal: East Asian wide and full-width ones, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{20000}-\u{3fffd}\ufe0f\p{Emoji_Presentation}]/u;

/** Characters that take no cell of their own. */
const NARROW = /^[\p{M}\p{Cf}\p{Cc}]*$/u;

let segmenter: Intl.Segmenter | undefined; // slow to make, seldom needed

/**
 * Returns the number of terminal cells that a text takes. A character is what a reader sees as one: a letter
 * with its accents, a family of emoji. Ranges: https://www.unicode.org/reports/tr11/.
 */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of charactersOf(text)) width += widthOf(segment);
  return width;
}

/** Returns a text of at most so many cells; a longer one ends in `…`, and no character is cut in half. */
export function cutText(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  if (width < 1) return "";
  let cut = "";
  let left = width - 1;
  for (const { segment } of charactersOf(text)) {
    left -= widthOf(segment);
    if (left < 0) break;
    cut += segment;
  }
  return `${cut}…`;
}

/** Returns a text with spaces before or after it, so that it takes so many cells. */
export function padText(text: string, width: number, side: "start" | "end" = "end"): string {
  const spaces = " ".repeat(Math.max(0, width - displayWidth(text)));
  return side === "end" ? text + spaces : spaces + text;
}

function charactersOf(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  return segmenter.segment(text);
}

function widthOf(character: string): number {
  return WIDE.test(character) ? 2 : NARROW.test(character) ? 0 : 1;
}
