import { isShortInteger, numberText } from "./number_text.ts";
import { canonicalJson, jsonString, parseJson } from "./json.ts";
import type { Value } from "./value.ts";

/**
 * Returns the cell text of a value: its one spelling in CSV, in SQLite, in mixed columns and in strings
 * of JSON. Different values have different cells, and {@linkcode readCell} is the inverse.
 *
 * Scalars are spelled as Python's `str()` spells them (`None`, `True`, `0.1`, `1e-05`, `nan`), so that a
 * store can be shared with Python's stet. A bigint beyond int64 has the suffix `n`. A string is itself,
 * or a JSON string where it would read as something else, is empty, has outer white space, control
 * characters or lone surrogates, or begins with `"`, `[` or `{`. Arrays and objects are canonical JSON.
 *
 * @throws {RangeError} On values nested deeper than 1000 levels.
 */
export function writeCell(value: Value): string {
  switch (typeof value) {
    case "string":
      return standsForItself(value) ? value : jsonString(value);
    case "number":
      return numberText(value);
    case "boolean":
      return value ? "True" : "False";
    case "bigint":
      return isInt64(value) ? `${value}` : `${value}n`;
    default:
      return value === null ? "None" : canonicalJson(value);
  }
}

/**
 * Returns the text of a value in a file: its cell text, except that a string with newlines or tabs is
 * itself where nothing else in it needs JSON. {@linkcode readCell} reads both spellings; keys are compared
 * by cell text.
 */
export function fileText(value: Value): string {
  const isLines = typeof value === "string" && /[\n\t]/.test(value) &&
    standsForItself(value, unsafeInFile);
  return isLines ? value : writeCell(value);
}

/**
 * Returns the value that a cell spells, or `undefined` (absent) for an empty one. Outer white space does
 * not count. Other tools' spellings are taken too: `true`, `TRUE`, `null`, `NaN`, `+Infinity`, `1.0`, `007`,
 * `+5`. Integers from 2^53 in magnitude are bigints, and strings if they have more than 10,000 digits. What
 * looks like JSON and is not is a string.
 */
export function readCell(text: string): Value | undefined {
  const cell = text.trim();
  if (ordinary.test(cell)) return cell;
  switch (cell.charAt(0)) {
    case "":
      return undefined;
    case '"':
    case "[":
    case "{":
      try {
        return parseJson(cell);
      } catch {
        return cell;
      }
    default: {
      const value = readScalar(cell);
      return value === undefined ? cell : value;
    }
  }
}

/**
 * Returns the spelling that {@linkcode writeCell} has for the value in a cell (`1.0` → `1`, `true` → `True`):
 * cells of equal values become equal texts.
 */
export function canonicalCell(text: string): string {
  if (ordinary.test(text) || text.length <= 15 && canonicalNumeral.test(text)) return text;
  const value = readCell(text);
  return value === undefined ? "" : writeCell(value);
}

/**
 * A string that is plainly no other value: it begins with a letter that no word below begins with, or
 * with `/` or `_`. Most strings are, and one test of a regular expression is the fastest.
 */
const ordinary = /^[a-eghj-mo-su-zA-EGHJ-MO-SU-Z_/](?:[ -~]*[!-~])?$/;

/**
 * True if {@linkcode canonicalCell} is known to change none of the cells of a column. It looks at them as one text,
 * which takes a tenth of the time.
 *
 * @param cells The cells, U+001F after each.
 */
export function isCanonicalColumn(cells: string): boolean {
  return !doubtful.test(cells);
}

/** A cell of a column that is not empty, a numeral as below, or a text that begins as no other value does. */
const doubtful = new RegExp(
  "(?:^|\\x1f)(?!$|\\x1f" +
    "|(?=[-.0-9]{1,15}\\x1f)(?!-0\\x1f)-?(?:0(?!\\.0000)|[1-9][0-9]*)(?:\\.[0-9]*[1-9])?\\x1f" +
    "|(?!(?:none|null|true|false|nan|inf|infinity)\\x1f)[a-z_/](?:[ -~]*[!-~])?\\x1f)",
  "i",
);

/** At most 15 digits, which a double keeps: such a text is what the number it spells is written as. */
const canonicalNumeral = /^(?!-0$)-?(?:0(?!\.0000)|[1-9][0-9]*)(?:\.[0-9]*[1-9])?$/;

const numeral = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const integer = /^[+-]?[0-9]+$/;
const suffixedInteger = /^[+-]?[0-9]+n$/;

/** Control characters and lone surrogates, which files and databases may not hold. */
const unsafe = /[\p{Cc}\p{Cs}]/u;
const unsafeInFile = /[^\P{Cc}\n\t]|\p{Cs}/u;

/** The words that are values, in lower case; they count in any case. */
const words: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["none", null],
  ["null", null],
  ["true", true],
  ["false", false],
  ...["", "+", "-"].flatMap((sign): [string, Value][] => [
    [`${sign}nan`, NaN],
    [`${sign}inf`, sign === "-" ? -Infinity : Infinity],
    [`${sign}infinity`, sign === "-" ? -Infinity : Infinity],
  ]),
]);
const longestWord = "+infinity".length;

function standsForItself(text: string, refused = unsafe): boolean {
  if (ordinary.test(text)) return true;
  return !/^(?:$|["[{])/.test(text) && !refused.test(text) && text.trim() === text &&
    readScalar(text) === undefined;
}

/** The number, bigint, boolean or null that a text spells, if it does. */
function readScalar(text: string): Value | undefined {
  if (numeral.test(text)) return readNumeral(text);
  if (text.length <= longestWord) return words.get(text.toLowerCase());
  if (!suffixedInteger.test(text) || !isShortInteger(text.slice(0, -1))) return undefined;
  const value = BigInt(text.slice(0, -1));
  return isInt64(value) ? undefined : value;
}

/** An integer of too many digits is text. */
function readNumeral(text: string): number | bigint | undefined {
  const number = Number(text);
  if (number === 0) return 0;
  if (Number.isSafeInteger(number) || !integer.test(text)) return number;
  return isShortInteger(text) ? BigInt(text) : undefined;
}

function isInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}
