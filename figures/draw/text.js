/** Width of text without a browser. @module */

/** Widths of U+0020 to U+007E in hundredths of the size: DejaVu Sans, which is wider than other system fonts. */
const WIDTHS =
  "32 40 46 84 64 95 78 27 39 39 50 84 32 36 32 34 64 64 64 64 64 64 64 64 64 64 34 34 84 84 84 53 100 68 69 70 77 63 58 77 75 29 29 66 56 86 75 79 60 79 69 63 61 73 68 99 69 61 69 39 34 39 84 50 50 61 63 55 63 62 35 63 63 28 28 58 28 97 63 61 63 63 41 52 39 63 59 82 59 59 52 64 34 64 84"
    .split(" ").map(Number);

const BOLD = 1.14;
/** Characters of the start and of the end of a long text that are looked at. */
const MAX_LOOKED_AT = 200;

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{20000}-\u{3fffd}\p{Extended_Pictographic}]/u;
const NARROW = /^[\p{M}\p{Cf}]+$/u;
/** Texts that can change the direction of their neighbours. */
const DIRECTED =
  /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}\u202a-\u202e\u2066-\u2069]/u;

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/**
 * Returns a text in which characters that XML 1.0 forbids are pictures of control characters, or U+FFFD.
 *
 * @param {string} text
 * @returns {string}
 */
export function allowedText(text) {
  return text.replace(
    // deno-lint-ignore no-control-regex
    /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    (found) => found < " " ? String.fromCharCode(0x2400 + found.charCodeAt(0)) : "\ufffd",
  );
}

/**
 * Returns a text as one line: white space is one space, and a text with letters from right to left is
 * isolated from its neighbours.
 *
 * @param {string} text
 * @returns {string}
 */
export function plainText(text) {
  const line = allowedText(text.replace(/[\s\u2028\u2029]+/g, " "));
  return DIRECTED.test(line) && !/^\u2068.*\u2069$/.test(line) ? `\u2068${line}\u2069` : line;
}

/**
 * Returns the width of a text in pixels, at least as wide as the fonts of systems draw it.
 *
 * @param {string} text
 * @param {{ size?: number, bold?: boolean | undefined }} [font]
 * @returns {number}
 */
export function textWidth(text, { size = 12, bold } = {}) {
  let sum = 0;
  for (const { segment } of graphemes.segment(text)) sum += widthOf(segment);
  return sum / 100 * size * (bold ? BOLD : 1);
}

/** @param {string} character @returns {number} */
function widthOf(character) {
  const code = character.charCodeAt(0);
  if (character.length === 1 && code < 127) return WIDTHS[code - 32] ?? 60;
  if (WIDE.test(character)) return 115;
  if (NARROW.test(character)) return 0;
  // Letters of one base: Ж is the widest of the common ones. Others may be several clusters in one.
  return Math.max(100, 60 * [...character].filter((it) => !NARROW.test(it)).length);
}

/**
 * Returns a text of at most a width. A longer one has an ellipsis in the middle; no character is cut in half.
 *
 * @param {string} text
 * @param {number} width
 * @param {{ size?: number, bold?: boolean | undefined }} [font]
 * @returns {string}
 */
export function fitText(text, width, font = {}) {
  const whole = plainText(text);
  if (whole.length <= 2 * MAX_LOOKED_AT && textWidth(whole, font) <= width) return whole;
  const bare = whole.replace(/^\u2068|\u2069$/g, "");
  const start = [...graphemes.segment(bare.slice(0, MAX_LOOKED_AT))].map((it) => it.segment);
  const end = bare.length <= MAX_LOOKED_AT
    ? start
    : [...graphemes.segment(bare.slice(-MAX_LOOKED_AT))].map((it) => it.segment);
  const scale = (font.size ?? 12) / 100 * (font.bold ? BOLD : 1);
  let left = width / scale - widthOf("…");
  if (left < 0) return "";
  let [head, tail] = [0, 0];
  while (head + tail < start.length + (start === end ? 0 : end.length)) {
    // Beginnings tell more than ends.
    const isTail = tail < head * 0.7;
    const next = isTail ? end[end.length - 1 - tail] : start[head];
    left -= widthOf(next ?? "");
    if (next === undefined || left < 0) break;
    if (isTail) tail++;
    else head++;
  }
  const cut = `${start.slice(0, head).join("").trimEnd()}…${
    tail === 0 ? "" : end.slice(-tail).join("").trimStart()
  }`;
  return plainText(cut);
}

/**
 * Returns a text in at most so many lines of a width, broken at spaces. The last line has an ellipsis if
 * the text is longer.
 *
 * @param {string} text
 * @param {number} width
 * @param {number} lines
 * @param {{ size?: number, bold?: boolean }} [font]
 * @returns {string[]}
 */
export function wrapText(text, width, lines, font = {}) {
  const words = plainText(text).replace(/^\u2068|\u2069$/g, "").trim().split(/(?<=[ \-_/,.])/);
  /** @type {string[]} */
  const found = [];
  while (words.length > 0 && found.length < lines - 1) {
    let line = words.shift() ?? "";
    while (words.length > 0 && textWidth(line + words[0], font) <= width) line += words.shift();
    found.push(fitText(line.trim(), width, font));
  }
  if (words.length > 0) found.push(fitText(words.join("").trim(), width, font));
  return found.filter((line) => line !== "").map(plainText);
}
