import { Buffer } from "node:buffer";
import fs from "node:fs";

/** Size of one read, in bytes. */
const PIECE = 1 << 16;

const QUOTE = 34, COMMA = 44, BACKSLASH = 92;
const OPEN_BRACKET = 91, CLOSE_BRACKET = 93, OPEN_BRACE = 123, CLOSE_BRACE = 125;

/**
 * The text of each element of the JSON array that a file is, in memory for one element. What is no JSON
 * within an element is left to its parser.
 *
 * @throws {SyntaxError} If the file is no array, or goes on after it.
 */
export function* jsonArrayItems(file: string): Generator<string> {
  const fd = fs.openSync(file, "r");
  try {
    const piece = Buffer.alloc(PIECE);
    let bytes = Buffer.alloc(0);
    /** The byte to look at, and the one at which an element begins. */
    let at = 0;
    let start = -1;
    let depth = 0;
    let count = 0;
    let isString = false;
    let isOver = false;
    for (let read; (read = fs.readSync(fd, piece, 0, PIECE, null)) > 0;) {
      const gone = start === -1 || isOver ? bytes.length : start;
      bytes = Buffer.concat([bytes.subarray(gone), piece.subarray(0, read)]);
      at -= gone;
      if (start !== -1) start -= gone;
      for (; at < bytes.length; at++) {
        const c = bytes[at]!;
        if (isString) {
          if (c === BACKSLASH) at++;
          else if (c === QUOTE) isString = false;
        } else if (start === -1) {
          if (c === OPEN_BRACKET) start = at + 1;
          else if (!isSpace(c) && !isMark(c)) throw new SyntaxError("it is no array of rows");
        } else if (isOver) {
          if (!isSpace(c)) throw new SyntaxError("it goes on after its array");
        } else if (c === QUOTE) isString = true;
        else if (c === OPEN_BRACKET || c === OPEN_BRACE) depth++;
        else if (depth > 0) {
          if (c === CLOSE_BRACKET || c === CLOSE_BRACE) depth--;
        } else if (c === COMMA || c === CLOSE_BRACKET) {
          const text = bytes.toString("utf8", start, at);
          isOver = c === CLOSE_BRACKET;
          start = at + 1;
          if (!isOver || count > 0 || text.trim() !== "") yield text;
          count++;
        }
      }
    }
    if (start === -1) throw new SyntaxError("it is no array of rows");
    if (!isOver) throw new SyntaxError("its array is not closed");
  } finally {
    fs.closeSync(fd);
  }
}

function isSpace(c: number): boolean {
  return c === 32 || c === 10 || c === 13 || c === 9;
}

/** Of a byte order mark. */
function isMark(c: number): boolean {
  return c === 0xef || c === 0xbb || c === 0xbf;
}
