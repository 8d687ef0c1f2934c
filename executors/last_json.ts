import { Buffer } from "node:buffer";
import { parseJson } from "../core/values/json.ts";
import type { Value } from "../core/values/value.ts";

const NEWLINE = 0x0a;

/** Pattern of lines that may be JSON. `NaN` alone is a word, no result. */
const PLAUSIBLE = /^(?:\{.*\}|\[.*\]|".*"|-?[0-9][0-9.eE+-]*|true|false|null)$/s;

/**
 * Finds the last JSON line of output that comes in pieces. Buffers one line at a time, up to a limit.
 * Arrays and objects may hold `NaN`, `Infinity` and `-Infinity`, as Python's `json.dumps` writes them.
 */
export class LastJson {
  readonly #maxLine: number;
  #line: Buffer[] = [];
  #length = 0;
  #last: Value | undefined;

  /** @param maxLine Maximum length of a line, in bytes. */
  constructor(maxLine = 2 ** 20) {
    this.#maxLine = maxLine;
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

  /** Ends the output and returns the value of its last JSON line, or undefined. */
  end(): Value | undefined {
    this.#endLine();
    return this.#last;
  }

  #keep(bytes: Uint8Array): void {
    this.#length += bytes.length;
    if (this.#length > this.#maxLine) this.#line = [];
    else if (bytes.length > 0) this.#line.push(Buffer.from(bytes));
  }

  #endLine(): void {
    const text = this.#line.length === 0 ? "" : Buffer.concat(this.#line).toString().trim();
    this.#line = [];
    this.#length = 0;
    if (!PLAUSIBLE.test(text)) return;
    try {
      this.#last = parseJson(text);
    } catch {
      // it only looked like JSON
    }
  }
}
