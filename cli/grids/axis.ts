import { writeCell } from "../../core/values/cell.ts";
import { checkParamName } from "../../core/values/columns.ts";
import { messageOf } from "../../core/errors.ts";
import { geomSpace } from "../../core/grids/geom_space.ts";
import { linSpace } from "../../core/grids/lin_space.ts";
import { numberText } from "../../core/values/number_text.ts";
import { range } from "../../core/grids/range.ts";
import { TextColumn, type TextKind } from "../../core/values/text_value.ts";
import type { Value } from "../../core/values/value.ts";
import { UsageError } from "../usage_error.ts";

/** Maximum number of values of an axis: they are held in memory. */
const MAX_VALUES = 10_000_000;

/** A day, month or time of day in ISO 8601. */
const DATE = /^\d{4}-\d\d(?:-\d\d)?(?:[T ][\d:.]+Z?)?(?:[+-]\d\d:?\d\d)?$/;

const NUMERAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Values of one param, and their spelling. */
export interface Axis {
  readonly values: readonly Value[];
  /** The texts of values that programs would get in another spelling, by cell text. */
  readonly spelled: ReadonlyMap<string, string>;
  /** A surprise in how the values were read, if any. */
  readonly note: string | undefined;
  /** The kind of the values, if it was decided by hand. */
  readonly kind: TextKind | undefined;
}

/**
 * Reads `name=values`, where values are one or more of these, with commas between them:
 *
 * - `0.1`, `adam`, `true`, `null`: a value as {@linkcode TextColumn} reads it; `"1"` is text, `[64,64]` an
 *   array;
 * - `0..19`, `0..100..10`: numbers from first to last, both included, 1 or the third apart;
 * - `lin:0..1:5`, `log:1e-4..1e-1:7`: so many numbers, evenly spaced, or evenly on a log scale.
 *
 * `name:text=` and `name:number=` decide by hand how values are read; with the first, ranges are texts too.
 * Values that come twice count once. Commas within `"…"`, `[…]` and `{…}` are part of the value.
 *
 * @param kindOf The kind of a param's values, if it was decided by hand elsewhere.
 * @throws {UsageError} If the name cannot be a param's, or the values are none of these.
 */
export function readAxis(
  text: string,
  kindOf: (name: string) => TextKind | undefined = () => undefined,
): [name: string, values: Value[], axis: Axis] {
  const at = text.indexOf("=");
  const { name, kind: given } = splitKind(text.slice(0, at));
  try {
    checkParamName(name);
    const kind = given ?? kindOf(name);
    const parts = split(text.slice(at + 1)).map((part) => partOf(part, kind));
    const column = new TextColumn(kind);
    for (const part of parts) column.add(typeof part === "string" ? part : firstOf(part));
    const values: Value[] = [];
    const spelled = new Map<string, string>();
    const push = (value: Value): void => {
      if (values.push(value) <= MAX_VALUES) return;
      throw new RangeError(`it has more than ${MAX_VALUES} values`);
    };
    for (const part of parts) {
      if (typeof part === "string") {
        const value = valueIn(part, column, kind);
        push(value);
        const cell = writeCell(value);
        if (typeof value !== "string" && !spelled.has(cell)) spelled.set(cell, part.trim());
      } else for (const number of part) push(column.isText ? numberText(number) : number);
    }
    const note = column.note(name, `-g ${name}:number=…`);
    const all = parts.length === 1 ? values : unique(values);
    return [name, all, { values: all, spelled, note, kind }];
  } catch (error) {
    throw new UsageError(`-g ${text}: ${messageOf(error)}`, { cause: error });
  }
}

/** Splits `name:text` and `name:number`. */
export function splitKind(
  text: string,
): { readonly name: string; readonly kind: TextKind | undefined } {
  const [, name = text, kind] = /^(.*):(text|number)$/s.exec(text.trim()) ?? [];
  return { name: name.trim(), kind: kind as TextKind | undefined };
}

/** Returns the first number of a range as text: the others are of its kind. */
function firstOf(numbers: Iterable<number>): string {
  for (const number of numbers) return numberText(number);
  return "";
}

function valueIn(part: string, column: TextColumn, kind: TextKind | undefined): Value {
  const value = column.read(part);
  if (value === undefined) {
    throw new SyntaxError(`a value is missing; an empty text is written ""`);
  }
  if (kind === "number" && typeof value !== "number" && typeof value !== "bigint") {
    throw new SyntaxError(`${part.trim()} is no number`);
  }
  return value;
}

function unique(values: readonly Value[]): Value[] {
  return [...new Map(values.map((value) => [writeCell(value), value])).values()];
}

/** Splits a text at the commas outside of quotes, brackets and braces. */
function split(text: string): string[] {
  const parts = [""];
  let kind: "blank" | "json" | "plain" = "blank";
  let depth = 0;
  let isQuoted = false;
  for (const piece of text.match(/\\.|[^]/gu) ?? []) {
    if (piece === "," && depth === 0 && !isQuoted) {
      parts.push("");
      kind = "blank";
      continue;
    }
    parts[parts.length - 1] += piece;
    if (kind === "blank" && piece.trim() !== "") kind = /["[{]/.test(piece) ? "json" : "plain";
    if (kind !== "json") continue;
    if (piece === '"') isQuoted = !isQuoted;
    else if (!isQuoted && /[[{]/.test(piece)) depth++;
    else if (!isQuoted && /[\]}]/.test(piece)) depth--;
  }
  if (depth !== 0 || isQuoted) {
    throw new SyntaxError(`${parts.at(-1)} does not end: a quote, bracket or brace is missing`);
  }
  return parts;
}

/** Returns the numbers of a range or spacing; else the part itself, which is one value. */
function partOf(part: string, kind: TextKind | undefined): string | Iterable<number> {
  const text = part.trim();
  if (kind === "text") return part;
  const spaced = /^(lin|log):(.*)$/s.exec(text);
  if (spaced) {
    const [, ends = "", count = ""] = /^(.*):(\d+)$/s.exec(spaced[2]!) ?? [];
    const [first, last, ...more] = ends.split("..").map(numberOf);
    if (first === undefined || last === undefined || more.length > 0) {
      throw notRead(text, `is not ${spaced[1]}:first..last:count, as in ${spaced[1]}:0.1..1:10`);
    }
    return spaced[1] === "lin"
      ? linSpace(first, last, Number(count))
      : geomSpace(first, last, Number(count));
  }
  if (!looksLikeRange(text)) return part;
  const ends = text.split("..");
  const [first, last, step = 1] = ends.map(numberOf);
  if (ends.every((end) => DATE.test(end.trim()))) {
    throw notRead(text, "looks like a range of dates, and ranges are of numbers; name each date");
  }
  if (first === undefined || last === undefined || ends.length > 3 || !ends.every(isNumeral)) {
    throw notRead(text, "is not first..last or first..last..step");
  }
  const padded = ends.find((end) => /^[+-]?0\d|^\+/.test(end));
  if (padded !== undefined) {
    throw notRead(text, `is a range of numbers, and ${padded} would lose its first character`);
  }
  return range(first, last, step);
}

/** True if a text has `..` between parts, except for paths such as `../data` and dots such as `wait...`. */
function looksLikeRange(text: string): boolean {
  if (/^["[{]/.test(text) || /[\\/]/.test(text)) return false;
  const ends = text.split("..");
  return ends.length > 1 && ends.every((end) => !/^$|^\.(?!\d)|\.$/.test(end.trim()));
}

function isNumeral(text: string): boolean {
  return NUMERAL.test(text);
}

function numberOf(text: string): number | undefined {
  return isNumeral(text) ? Number(text) : undefined;
}

function notRead(text: string, what: string): SyntaxError {
  return new SyntaxError(`"${text}" ${what}; if it is a text, quote it: '"${text}"'`);
}
