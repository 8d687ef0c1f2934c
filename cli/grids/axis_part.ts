import fs from "node:fs";
import { dates } from "../../core/grids/dates.ts";
import { geomSpace } from "../../core/grids/geom_space.ts";
import { linSpace } from "../../core/grids/lin_space.ts";
import { range } from "../../core/grids/range.ts";
import { nearestName } from "../../core/values/nearest_name.ts";
import type { TextKind } from "../../core/values/text_value.ts";
import { globFiles } from "./glob_files.ts";

/** A part of the values of an axis, between two commas. */
export type AxisPart =
  /** Values as they are spelled: one, or the lines of a file. */
  | { readonly spelled: Iterable<string> }
  | { readonly numbers: Iterable<number> }
  /** Dates, or paths of files: texts, whatever they look like. */
  | { readonly texts: Iterable<string> };

/** Words before a colon that say what follows. */
const WORDS = ["lin", "log", "uniform", "loguniform", "choice"] as const;

/** A word and a colon; but `C:\data` and `https://…` are texts. */
const WORD = /^([a-z][a-z_-]+):(?!\/\/)/i;

const NUMERAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** A range of dates in other notations: `2024-01-01:2024-01-31`. */
const OTHER_RANGE = /^(\d{4}-\d\d(?:-\d\d)?)\s*(?:[:/-]|to)\s*(\d{4}-\d\d(?:-\d\d)?)$/;

/** The beginning of a month, day or time. */
const DATE = /^\d{4}-\d\d(?!\d)/;

/**
 * Reads one part of the values of an axis.
 *
 * @param input Standard input, for `@-`.
 * @throws {SyntaxError} If it looks like a range, spacing, file or pattern, and is none.
 */
export function readPart(
  part: string,
  kind: TextKind | undefined,
  input: string | undefined,
): AxisPart {
  const text = part.trim();
  if (text.startsWith("@")) return { spelled: linesOf(text, input) };
  if (kind === "text" || /^["[{]/.test(text)) return { spelled: [part] };
  const [, word] = WORD.exec(text) ?? [];
  if (word !== undefined) return { numbers: readSpacing(text, word) };
  if (hasRange(text)) return readRange(text);
  const [, first, last] = OTHER_RANGE.exec(text) ?? [];
  if (first !== undefined) {
    throw notRead(text, `is written ${first}..${last} if it is a range of dates`);
  }
  if (!text.includes("*")) return { spelled: [part] };
  const texts = globFiles(text);
  if (texts.length === 0) throw notRead(text, "matches no file");
  return { texts };
}

/** Returns the ends of `first..last`; undefined if it is no such pair of numbers. */
export function readEnds(text: string): [first: number, last: number] | undefined {
  const ends = text.split("..");
  return ends.length === 2 && ends.every(isNumeral)
    ? [Number(ends[0]), Number(ends[1])]
    : undefined;
}

/** Returns the error about a text that looks like something and is not. */
export function notRead(text: string, what: string): SyntaxError {
  return new SyntaxError(`"${text}" ${what}; if it is a text, quote it: '"${text}"'`);
}

/** Returns the lines of a file or of standard input that are not blank. */
function linesOf(text: string, input: string | undefined): string[] {
  const file = text.slice(1);
  let content = input ?? "";
  if (file !== "-") {
    try {
      content = fs.readFileSync(file, "utf8");
    } catch (cause) {
      const isMissing = (cause as NodeJS.ErrnoException).code === "ENOENT";
      if (!isMissing) throw cause;
      throw notRead(text, `names a file of values that is not there`);
    }
  }
  const lines = content.replace(/^\ufeff/, "").split(/\r?\n/).filter((line) => line.trim() !== "");
  if (lines.length > 0) return lines;
  throw new SyntaxError(`${file === "-" ? "standard input" : file} has no lines`);
}

function readSpacing(text: string, word: string): Iterable<number> {
  if (word !== "lin" && word !== "log") {
    const isKnown = WORDS.some((each) => each === word);
    if (isKnown) throw notRead(text, `is drawn at random, and cannot be one of several values`);
    const nearest = nearestName(word, WORDS);
    const hint = nearest === undefined
      ? `there is ${WORDS.join(", ")}`
      : `did you mean ${nearest}?`;
    throw notRead(text, `begins with ${word}:, which is no kind of values (${hint})`);
  }
  const [, ends = "", count = ""] = /^[^:]*:(.*):(\d+)$/s.exec(text) ?? [];
  const found = readEnds(ends);
  if (!found) throw notRead(text, `is not ${word}:first..last:count, as in ${word}:0.1..1:10`);
  return word === "lin" ? linSpace(...found, Number(count)) : geomSpace(...found, Number(count));
}

/** True if a text has `..` other than as a folder (`../data`) or among more dots (`wait...`). */
function hasRange(text: string): boolean {
  if (/\d\.{3,}\d/.test(text)) return true;
  return [...text.matchAll(/(?<!\.)\.\.(?!\.)/g)].some(({ index }) => {
    const around = [text[index - 1], text[index + 2]];
    return !around.every((each) => each === undefined || each === "/" || each === "\\");
  });
}

function readRange(text: string): AxisPart {
  const ends = text.split("..").map((end) => end.trim());
  const [first = "", last = "", step] = ends;
  if (ends.length > 3) throw notRead(text, "is not first..last or first..last..step");
  if (/\.{3,}/.test(text)) {
    throw notRead(text, `has three dots; two make a range: ${text.replace(/\.{3,}/g, "..")}`);
  }
  if (DATE.test(first) && DATE.test(last)) return { texts: dates(first, last, step) };
  if (DATE.test(first) && /^(?:today|yesterday|now)$/i.test(last)) {
    throw notRead(text, `needs a date for ${last}, which a shell knows: ${first}..$(date +%F)`);
  }
  if (!ends.every(isNumeral)) {
    throw notRead(
      text,
      "is not first..last or first..last..step, of numbers or of dates (2024-01-01..2024-12-31..7d)",
    );
  }
  const padded = ends.find((end) => /^[+-]?0\d|^\+/.test(end));
  if (padded !== undefined) {
    throw notRead(text, `is a range of numbers, and ${padded} would lose its first character`);
  }
  return { numbers: range(Number(first), Number(last), step === undefined ? 1 : Number(step)) };
}

function isNumeral(text: string): boolean {
  return NUMERAL.test(text);
}
