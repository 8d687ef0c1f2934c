import { isShortInteger, MAX_DIGITS, numberText } from "./number_text.ts";
import { isArray, MAX_DEPTH, setEntry, type Value } from "./value.ts";

/**
 * Returns the one JSON text of a value: equal values have equal texts.
 *
 * Keys are sorted by code point, there is no white space, numbers are spelled by
 * {@linkcode numberText} (non-finite ones `NaN`, `Infinity`, `-Infinity`, as Python's `json.dumps` does),
 * bigints by their digits, strings by {@linkcode jsonString}. {@linkcode parseJson} reads it back.
 *
 * @throws {RangeError} Beyond {@linkcode MAX_DEPTH} levels.
 */
export function canonicalJson(value: Value): string {
  return write(value, 0);
}

/**
 * Reads strict JSON (RFC 8259) and `NaN`, `Infinity`, `-Infinity`. Integers at or above 2^53 in
 * magnitude come as bigints, `-0` as `0`, a key `__proto__` as plain data; of equal keys the last counts.
 *
 * `JSON.parse` does not serve: it loses the digits of large integers, and V8's takes the key `"k\n"`
 * for `"k\\"` where it has parsed that one in the same place of an object before.
 *
 * @param mostLevels Maximum number of levels of arrays and objects in one another.
 * @throws {SyntaxError} On anything else; names the offset, in UTF-16 units from 0.
 */
export function parseJson(text: string, mostLevels: number = MAX_DEPTH): Value {
  return new Parser(text, mostLevels).document();
}

/** Returns a string as a JSON string without control characters (DEL and C1 too) or lone surrogates. */
export function jsonString(text: string): string {
  const json = JSON.stringify(text);
  return delOrC1.test(json)
    ? json.replace(/[\x7f-\x9f]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`)
    : json;
}

/** Returns the names of an object's entries in order of code points, as Python sorts them. */
export function sortedNames(object: { readonly [name: string]: unknown }): string[] {
  return Object.keys(object).sort(compareCodePoints);
}

const delOrC1 = /[\x7f-\x9f]/;

/** Unlike `<`, which takes the halves of an astral character for less than U+E000. */
function compareCodePoints(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const x = a.codePointAt(i)!;
    const y = b.codePointAt(i)!;
    if (x !== y) return x - y;
  }
  return a.length - b.length;
}

function write(value: Value, depth: number): string {
  switch (typeof value) {
    case "string":
      return jsonString(value);
    case "number":
      return Number.isFinite(value) ? numberText(value) : `${value}`;
    case "object":
      return value === null ? "null" : writeContainer(value, depth + 1);
    default:
      return String(value);
  }
}

function writeContainer(value: Value & object, depth: number): string {
  if (depth > MAX_DEPTH) {
    throw new RangeError(`Cannot write JSON: nested deeper than ${MAX_DEPTH} levels`);
  }
  let json = "";
  if (isArray(value)) {
    for (const element of value) json += `${json === "" ? "" : ","}${write(element, depth)}`;
    return `[${json}]`;
  }
  for (const name of sortedNames(value)) {
    json += `${json === "" ? "" : ","}${jsonString(name)}:${write(value[name]!, depth)}`;
  }
  return `{${json}}`;
}

const numeral = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

const words: readonly (readonly [word: string, value: Value])[] = [
  ["true", true],
  ["false", false],
  ["null", null],
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
];

const escapes: { readonly [letter: string]: string } = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

class Parser {
  readonly #text: string;
  readonly #mostLevels: number;
  #at = 0;

  constructor(text: string, mostLevels: number) {
    this.#text = text;
    this.#mostLevels = mostLevels;
  }

  document(): Value {
    const value = this.#value(0);
    this.#next();
    if (this.#at < this.#text.length) throw this.#unexpected("the end");
    return value;
  }

  /** Moves to the first unit that is not white space and returns it; NaN at the end. */
  #next(): number {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return unit;
      this.#at++;
    }
  }

  #value(depth: number): Value {
    switch (this.#next()) {
      case QUOTE:
        return this.#string();
      case OPEN_BRACE:
        return this.#object(depth + 1);
      case OPEN_BRACKET:
        return this.#array(depth + 1);
      default:
        return this.#scalar();
    }
  }

  #array(depth: number): Value {
    this.#enter(depth);
    const array: Value[] = [];
    if (this.#take(CLOSE_BRACKET)) return array;
    do array.push(this.#value(depth)); while (this.#take(COMMA));
    if (!this.#take(CLOSE_BRACKET)) throw this.#unexpected('"," or "]"');
    return array;
  }

  #object(depth: number): Value {
    this.#enter(depth);
    const object: { [name: string]: Value } = {};
    if (this.#take(CLOSE_BRACE)) return object;
    do {
      if (this.#next() !== QUOTE) throw this.#unexpected("a key in double quotes");
      const name = this.#string();
      if (!this.#take(COLON)) throw this.#unexpected('":"');
      setEntry(object, name, this.#value(depth));
    } while (this.#take(COMMA));
    if (!this.#take(CLOSE_BRACE)) throw this.#unexpected('"," or "}"');
    return object;
  }

  #enter(depth: number): void {
    if (depth > this.#mostLevels) {
      throw this.#error(`nested deeper than ${this.#mostLevels} levels`);
    }
    this.#at++;
  }

  #take(unit: number): boolean {
    if (this.#next() !== unit) return false;
    this.#at++;
    return true;
  }

  #string(): string {
    const text = this.#text;
    let string = "";
    let from = ++this.#at;
    for (;;) {
      const unit = text.charCodeAt(this.#at);
      if (unit === QUOTE) return string + text.slice(from, this.#at++);
      if (unit === BACKSLASH) {
        string += text.slice(from, this.#at) + this.#escape();
        from = this.#at;
      } else if (unit >= 0x20) {
        this.#at++;
      } else {
        throw this.#unexpected("the rest of a string, with control characters escaped");
      }
    }
  }

  #escape(): string {
    const letter = this.#text.charAt(this.#at + 1);
    const simple = escapes[letter];
    if (simple !== undefined) {
      this.#at += 2;
      return simple;
    }
    const hex = this.#text.slice(this.#at + 2, this.#at + 6);
    if (letter !== "u" || !/^[0-9a-fA-F]{4}$/.test(hex)) {
      throw this.#unexpected("an escape of JSON");
    }
    this.#at += 6;
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  #scalar(): Value {
    numeral.lastIndex = this.#at;
    if (numeral.test(this.#text)) {
      const digits = this.#text.slice(this.#at, numeral.lastIndex);
      const number = numberOf(digits);
      if (number === undefined) {
        throw this.#error(`an integer of more than ${MAX_DIGITS} digits; write it as a string`);
      }
      this.#at = numeral.lastIndex;
      return number;
    }
    for (const [word, value] of words) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    throw this.#unexpected("a value");
  }

  #unexpected(expected: string): SyntaxError {
    const code = this.#text.codePointAt(this.#at);
    const found = code === undefined ? "the end" : JSON.stringify(String.fromCodePoint(code));
    return this.#error(`found ${found}, expected ${expected}`);
  }

  #error(what: string): SyntaxError {
    return new SyntaxError(`Cannot read JSON at offset ${this.#at}: ${what}`);
  }
}

/** The number that digits spell; undefined if it is an integer of too many digits. */
function numberOf(digits: string): number | bigint | undefined {
  const number = Number(digits);
  if (number === 0) return 0;
  if (Number.isSafeInteger(number) || /[.eE]/.test(digits)) return number;
  return isShortInteger(digits) ? BigInt(digits) : undefined;
}
