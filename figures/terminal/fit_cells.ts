import { displayWidth } from "../../core/display/display_width.ts";
import { plainText } from "../draw/text.js";

const characters = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Characters of the start and of the end of a long text that are looked at. */
const MAX_LOOKED_AT = 400;

/** Letters that are written from right to left. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
/** A mark without width, behind which a terminal writes from left to right again. */
const LEFT_TO_RIGHT_MARK = "\u200e";

/**
 * Returns a text of at most so many terminal cells, in one line without control characters. A longer one has an
 * ellipsis in the middle.
 */
export function fitCells(text: string, width: number): string {
  const cut = cutCells(text, width);
  return RIGHT_TO_LEFT.test(cut) ? cut + LEFT_TO_RIGHT_MARK : cut;
}

function cutCells(text: string, width: number): string {
  // Marks of direction take no cell and are drawn as boxes by some terminals.
  const line = plainText(text).replace(/[\u202a-\u202e\u2066-\u2069\u200e\u200f]/g, "");
  if (line.length <= 2 * MAX_LOOKED_AT && displayWidth(line) <= width) return line;
  if (width < 1) return "";
  const start = split(line.slice(0, MAX_LOOKED_AT));
  const end = split(line.slice(-MAX_LOOKED_AT));
  let left = width - 1;
  let [head, tail] = ["", ""];
  for (let i = 0, j = end.length - 1; i < start.length && j >= 0;) {
    const isTail = displayWidth(tail) < displayWidth(head) * 0.7;
    const next = isTail ? end[j--]! : start[i++]!;
    left -= displayWidth(next);
    if (left < 0) break;
    if (isTail) tail = next + tail;
    else head += next;
  }
  return `${head}…${tail}`;
}

function split(text: string): string[] {
  return [...characters.segment(text)].map(({ segment }) => segment);
}
