import { readCell, writeCell } from "../core/cell.ts";
import { checkParamName } from "../core/columns.ts";
import { messageOf } from "../core/errors.ts";
import { geomSpace } from "../core/geom_space.ts";
import { linSpace } from "../core/lin_space.ts";
import { range } from "../core/range.ts";
import type { Value } from "../core/value.ts";
import { UsageError } from "./command.ts";

/** The most values of one axis: they are held in memory. */
const MOST_VALUES = 10_000_000;

const NUMERAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * Gives the name and the values of `name=values`, where values are one or more of these, with commas
 * between them:
 *
 * - `0.1`, `adam`, `true`, `null`: a value, written as in a CSV store; `"1"` is text, `[64,64]` an array;
 * - `0..19`, `0..100..10`: numbers from first to last, both included, 1 or the third apart;
 * - `lin:0..1:5`: so many numbers, evenly spaced; `log:1e-4..1e-1:7`: the same on a log scale.
 *
 * Values that come twice count once. Commas within `"…"`, `[…]` and `{…}` are part of the value.
 *
 * @throws {UsageError} If the name cannot be a param's, or the values are none of these.
 */
export function readAxis(text: string): [name: string, values: Value[]] {
  const at = text.indexOf("=");
  const name = text.slice(0, at).trim();
  try {
    checkParamName(name);
    const parts = split(text.slice(at + 1));
    const values: Value[] = [];
    for (const part of parts) {
      for (const value of valuesOf(part)) {
        if (values.push(value) <= MOST_VALUES) continue;
        throw new RangeError(`it has more than ${MOST_VALUES} values`);
      }
    }
    return [name, parts.length === 1 ? values : unique(values)];
  } catch (error) {
    throw new UsageError(`-g ${text}: ${messageOf(error)}`, { cause: error });
  }
}

function unique(values: readonly Value[]): Value[] {
  return [...new Map(values.map((value) => [writeCell(value), value])).values()];
}

/** The parts between the commas that are not within quotes, brackets or braces. */
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

function valuesOf(part: string): Iterable<Value> {
  const text = part.trim();
  const spaced = /^(lin|log):(.*)$/.exec(text);
  if (spaced) {
    const [, ends = "", count = ""] = /^(.*):(\d+)$/.exec(spaced[2]!) ?? [];
    const [first, last, ...more] = ends.split("..").map(numberOf);
    if (first === undefined || last === undefined || more.length > 0) {
      throw notRead(text, `${spaced[1]}:first..last:count, as in ${spaced[1]}:0.1..1:10`);
    }
    return spaced[1] === "lin"
      ? linSpace(first, last, Number(count))
      : geomSpace(first, last, Number(count));
  }
  const ends = text.split("..").map(numberOf);
  if (!/^["[{]/.test(text) && ends.length > 1 && ends.some((end) => end !== undefined)) {
    const [first, last, step = 1] = ends;
    if (first === undefined || last === undefined || ends.length > 3 || ends.includes(undefined)) {
      throw notRead(text, "first..last or first..last..step");
    }
    return range(first, last, step);
  }
  const value = readCell(text);
  if (value === undefined) throw new SyntaxError(`a value is missing; an empty text is written ""`);
  return [value];
}

function numberOf(text: string): number | undefined {
  return NUMERAL.test(text) ? Number(text) : undefined;
}

function notRead(text: string, form: string): SyntaxError {
  return new SyntaxError(`"${text}" is not ${form}; if it is a text, quote it: '"${text}"'`);
}
