import { Buffer } from "node:buffer";
import { stripVTControlCharacters } from "node:util";
import { parseJson } from "../core/values/json.ts";
import type { Value } from "../core/values/value.ts";

const NEWLINE = 0x0a;

/** Pattern of lines that may be JSON. `NaN` alone is a word, no result. */
const PLAUSIBLE = /^(?:\{.*\}|\[.*\]|".*"|-?[0-9][0-9.eE+-]*|true|false|null)$/s;

/** Pattern of the lines of an array or object that has several. */
const PART = /^(?:["{}\[\],:]|-?\d|(?:true|false|null|NaN|Infinity)\b|$)/;

/** Texts and brackets of a line of JSON; a text without its end breaks it. */
const TOKEN = /"(?:[^"\\]|\\.)*("?)|[{}\[\]]/g;

/** Maximum number of values that are begun and not ended. */
const MAX_OPEN = 64;

/** An array or object whose end has not come. */
interface Open {
  /** Number of its first line. */
  readonly line: number;
  depth: number;
}

/**
 * Finds the last JSON value of output that comes in pieces: on one line, or an array or object on several
 * lines, as pretty-printers write it. Colours are left out. Buffers one line, and the lines of values without
 * an end, up to a limit. Arrays and objects may hold `NaN`, `Infinity` and `-Infinity`, as Python's
 * `json.dumps` writes them.
 */
export class LastJson {
  readonly #maxLength: number;
  #line: Buffer[] = [];
  #length = 0;
  #last: Value | undefined;
  /** Lines since the first open value began. */
  #lines: string[] = [];
  #linesLength = 0;
  /** Number of the first of them. */
  #first = 0;
  #open: Open[] = [];

  /** @param maxLength Maximum length of a line, and of the lines of a value, in bytes. */
  constructor(maxLength = 2 ** 20) {
    this.#maxLength = maxLength;
  }

  /** Adds the next piece. */
  add(piece: Uint8Array): void {
    let from = 0;
    for (;;) {
      const end = piece.indexOf(NEWLINE, from);
      if (end < 0) break;
      this.#keep(piece.subarray(from, end));
      this.#endLine();
      from = end + 1;
    }
    this.#keep(piece.subarray(from));
  }

  /** Ends the output and returns its last JSON value, or undefined. */
  end(): Value | undefined {
    this.#endLine();
    return this.#last;
  }

  #keep(bytes: Uint8Array): void {
    this.#length += bytes.length;
    if (this.#length > this.#maxLength) this.#line = [];
    else if (bytes.length > 0) this.#line.push(Buffer.from(bytes));
  }

  #endLine(): void {
    const raw = this.#line.length === 0 ? "" : Buffer.concat(this.#line).toString();
    const isLong = this.#length > this.#maxLength;
    this.#line = [];
    this.#length = 0;
    const text = (raw.includes("\x1b") ? stripVTControlCharacters(raw) : raw).trim();
    const isWhole = PLAUSIBLE.test(text) && this.#parse(text);
    if (isLong || !PART.test(text)) return this.#forget();
    if (!isWhole && /^[{[]/.test(text)) this.#begin();
    if (this.#open.length > 0) this.#addLine(text);
  }

  /** Takes a text if it is JSON. */
  #parse(text: string): boolean {
    try {
      this.#last = parseJson(text);
      return true;
    } catch {
      return false; // it only looked like JSON
    }
  }

  /** Begins a value on several lines, within those that are open: they may turn out to be none. */
  #begin(): void {
    if (this.#open.length === MAX_OPEN) this.#open.shift();
    this.#open.push({ line: this.#first + this.#lines.length, depth: 0 });
  }

  #addLine(text: string): void {
    this.#lines.push(text);
    this.#linesLength += text.length;
    if (this.#linesLength > this.#maxLength) return this.#forget();
    let change = 0;
    for (const [token, end] of text.matchAll(TOKEN)) {
      if (end === "") return this.#forget(); // no text of JSON has a line break
      if (end === undefined) change += token === "{" || token === "[" ? 1 : -1;
    }
    for (const each of this.#open) each.depth += change;
    const ended = this.#open.filter(({ depth }) => depth <= 0);
    if (ended.length === 0) return;
    // The outermost one counts: those within it are parts of it.
    ended.some(({ line }) => this.#parse(this.#lines.slice(line - this.#first).join("\n")));
    this.#open = this.#open.filter(({ depth }) => depth > 0);
    if (this.#open.length === 0) this.#forget();
  }

  #forget(): void {
    this.#first += this.#lines.length;
    this.#lines = [];
    this.#linesLength = 0;
    this.#open = [];
  }
}
