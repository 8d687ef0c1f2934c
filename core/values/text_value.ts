import { argumentText } from "./argument_text.ts";
import { readCell } from "./cell.ts";
import { numberText } from "./number_text.ts";
import type { Value } from "./value.ts";

/** Reading of the texts of an axis or column: by their spelling, or as one type. */
export type TextKind = "text" | "number";

/** A longer numeral than any number needs, in characters. */
const MAX_NUMERAL = 1100;

/** Decimal digits without leading zeros and plus sign, and without trailing zeros after the point. */
const decimal = /^-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?|\.[0-9]*[1-9])$/;

/** One digit before the point and an exponent, as programs print: `1e-4`, `2.5e+20`, `1e-05`. */
const scientific = /^-?[1-9](?:\.[0-9]*[1-9])?e[+-]?[0-9]{1,3}$/;

/**
 * Returns the value that a text of a command line or of another program's file spells; undefined for
 * blanks. A numeral is a number only if nothing is lost by that: `7`, `-0.5`, `.5`, `1e-4`. Text stay `007`,
 * `+15`, `3.10`, `1.0`, `12E3`, `1e400`, `-0`, and more digits than a number keeps. `true`, `null`, `nan` and
 * the like are those values, what is quoted (`"7"`) is text, and `[64,64]` and `{"a":1}` are JSON.
 */
export function readText(text: string): Value | undefined {
  const value = readCell(text);
  const isNumeral = typeof value === "bigint" || typeof value === "number" && /[0-9]/.test(text);
  return isNumeral && !isKept(text.trim(), value) ? text.trim() : value;
}

/** True if a number is written in such a text and nothing of the text is lost. */
function isKept(text: string, value: number | bigint): boolean {
  if (typeof value === "bigint") return text === `${value}` || text === `${value}n`;
  if (Number.isSafeInteger(value) && text === `${value}`) return true;
  if (text.length > MAX_NUMERAL || value === 0 || !Number.isFinite(value)) return false;
  return (decimal.test(text) || scientific.test(text)) && digitsOf(text) === digitsOf(`${value}`);
}

/** The significant digits of a numeral and the place of its point: equal for equal numbers. */
function digitsOf(numeral: string): string {
  const [, whole = "", fraction = "", exponent = "0"] =
    /^-?([0-9]*)\.?([0-9]*)(?:e(.*))?$/.exec(numeral) ?? [];
  const all = whole + fraction;
  const leading = /^0*/.exec(all)![0].length;
  let end = all.length;
  while (end > leading && all[end - 1] === "0") end--;
  return `${all.slice(leading, end)}e${Number(exponent) + whole.length - leading}`;
}

/**
 * Reads the texts of one axis, or of one column of a file: where one of them must be text, all are. Quoted
 * ones (`"7"`) and JSON (`[64,64]`) are what they are, whatever the others are. First all texts are added,
 * then read.
 */
export class TextColumn {
  readonly #kind: TextKind | undefined;
  readonly #keepsFloats: boolean;
  /** A text that must be text, and if a number would lose some of it, that number. */
  #must: { readonly text: string; readonly number?: number | bigint } | undefined;
  /** A text that is another value by itself. */
  #other: string | undefined;

  /**
   * @param kind Decided by hand. Default: by what the texts spell.
   * @param keepsFloats True if `1.0` is a number too, as programs write floats. Default: false.
   */
  constructor(kind?: TextKind, keepsFloats = false) {
    this.#kind = kind;
    this.#keepsFloats = keepsFloats;
  }

  /** Takes notice of a text. */
  add(text: string): void {
    if (this.#kind || (this.#must && this.#other !== undefined)) return;
    if (isDecidedByHand(text)) return;
    const value = this.#spelled(text);
    if (value === undefined) return;
    if (typeof value !== "string") {
      this.#other ??= text.trim();
      return;
    }
    const cell = readCell(text);
    const number = typeof cell === "number" || typeof cell === "bigint" ? cell : undefined;
    // What a number would lose explains more than a word does.
    if (this.#must?.number === undefined) {
      this.#must = number === undefined ? this.#must ?? { text: value } : { text: value, number };
    }
  }

  /** Takes notice of a text that is one whatever it looks like, such as a path. */
  mustBeText(text: string): void {
    if (!this.#kind) this.#must ??= { text };
  }

  /** True if all unquoted values are text because one of them must be. */
  get isText(): boolean {
    return this.#must !== undefined;
  }

  /**
   * Returns the value of a text that was added; undefined for blanks.
   *
   * @throws {RangeError} If it is to be a number by hand, and is too large for one.
   */
  read(text: string): Value | undefined {
    const cell = readCell(text);
    if (cell === undefined) return undefined;
    if (this.#kind === "number") return numberIn(text, cell);
    if (this.#kind === "text") return text.trim().startsWith('"') ? cell : text.trim();
    if (isDecidedByHand(text)) return cell;
    return this.#must ? text.trim() : this.#spelled(text);
  }

  /** Says that values are text that others may take for numbers; undefined if there is nothing to say. */
  note(name: string, byHand: string): string | undefined {
    if (!this.#must) return undefined;
    const { text, number } = this.#must;
    if (number !== undefined) {
      const all = this.#other === undefined ? "" : ", and so are its other values";
      return `${name} is text: ${JSON.stringify(text)} as a number would be ` +
        `${argumentText(number)}${all}; ${byHand} makes numbers of them`;
    }
    if (this.#other === undefined) return undefined;
    return `${name} is text, ${JSON.stringify(this.#other)} too, since ${JSON.stringify(text)} is`;
  }

  #spelled(text: string): Value | undefined {
    const value = readText(text);
    if (!this.#keepsFloats || typeof value !== "string") return value;
    const cell = readCell(text);
    const isFloat = typeof cell === "number" && `${numberText(cell)}.0` === text.trim();
    return isFloat ? cell : value;
  }
}

/** True if a text says by itself what it is: it is quoted, or JSON. */
function isDecidedByHand(text: string): boolean {
  return /^\s*["[{]/.test(text) && readCell(text) !== text.trim();
}

function numberIn(text: string, cell: Value): Value {
  const value = typeof cell === "string" ? readCell(cell) : cell;
  if (typeof value !== "number" && typeof value !== "bigint") return cell;
  if (/[0-9]/.test(text) && typeof value === "number" && !Number.isFinite(value)) {
    throw new RangeError(`${text.trim()} is more than a number can be`);
  }
  return value;
}
