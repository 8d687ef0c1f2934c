import { Buffer } from "node:buffer";
import { parseJson } from "../core/values/json.ts";
import type { Value } from "../core/values/value.ts";

const NEWLINE = 0x0a;

/** A line that may be JSON: it begins and ends as JSON does. `NaN` alone is a word, no result. */
const plausible = /^(?:\{.*\}|\[.*\]|".*"|-?[0-9][0-9.eE+-]*|true|false|null)$/s;

/**
 * Finds the last line that is JSON in output that comes in pieces. Holds one line at a time; longer
 * ones than a limit are not looked at. Within arrays and objects `NaN`, `Infinity` and `-Infinity` are
 * taken too, as Python's `json.dumps` writes them.
 */
export class LastJson {
  readonly #maxLine: number;
  #line: Buffer[] = [];
  #length = 0;
  #last: Value | undefined;

  /** @param maxLine The longest line, in bytes. */
  constructor(maxLine = 2 ** 20) {
    this.#maxLine = maxLine;
  }

  /** Takes the next piece. */
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

  /** The value of the last line that is JSON, once all has been added; undefined if none is. */
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
    if (!plausible.test(text)) return;
    try {
      this.#last = parseJson(text);
    } catch {
      // it only looked like JSON
    }
  }
}
