import { argumentText } from "../../core/values/argument_text.ts";
import { compareValues } from "../../core/values/compare_values.ts";
import type { Value } from "../../core/values/value.ts";
import type { ViewAxis } from "../view.ts";
import { keyOf, numberOf } from "./columns/column.ts";
import { allOf, conditionOf, quotedName } from "./columns/condition_of.ts";

/** The maximum number of parts. More numbers become ranges; of other values the most frequent are kept. */
const MAX_PARTS = 50;
/** The number of ranges. */
const RANGES = 30;
/** The minimum ratio of the largest to the smallest number for geometric ranges. */
const MIN_GEOMETRIC_RATIO = 1000;
/** The maximum length of a text that is shown and compared as a whole. */
const MAX_TEXT = 200;
/** The lengths of the start and the end of a longer one. */
const START = 120, END = 60;
/** The label of rows without a value. */
const ABSENT = "absent";

/** An axis, and the part of each value. */
export interface PlacedAxis {
  readonly axis: ViewAxis;
  /** Returns the number of a value's part; -1 if it has none. */
  partOf(value: Value | undefined): number;
}

/** A value of a param, and the number of its rows. */
export interface Counted {
  readonly value: Value | undefined;
  readonly rows: number;
}

/** Returns a value as people read it. */
export function labelOf(value: Value | undefined): string {
  return value === undefined ? ABSENT : argumentText(value);
}

/** Returns a value as people read it, the middle of a long text left out. */
export function shortLabel(value: Value | undefined): string {
  const text = labelOf(value);
  if (text.length <= MAX_TEXT) return text;
  // Without half of a character at the cut.
  const start = text.slice(0, START).replace(/[\uD800-\uDBFF]$/, "");
  return `${start}…${text.slice(-END).replace(/^[\uDC00-\uDFFF]/, "")}`;
}

/** True if a text is shown without its middle. */
export function isLong(value: Value | undefined): value is string {
  return typeof value === "string" && value.length > MAX_TEXT;
}

/** Returns the axis of a param with these values, each given once. */
export function viewAxis(name: string, label: string, values: readonly Counted[]): PlacedAxis {
  const areNumbers = values.length > 0 && values.every(({ value }) => isFiniteNumber(value));
  if (areNumbers && values.length > MAX_PARTS) return rangesAxis(name, label, values);
  const isCut = values.length > MAX_PARTS;
  if (isCut && values.every(({ value }) => value === undefined || isDate(value))) {
    return datesAxis(name, label, values);
  }
  const shown = isCut ? [...values].sort((a, b) => b.rows - a.rows).slice(0, MAX_PARTS) : values;
  const sorted = shown.map(({ value }) => value).sort(compareValues);
  const places = new Map(sorted.map((value, i) => [value === undefined ? value : keyOf(value), i]));
  const texts = values.flatMap(({ value }) => typeof value === "string" ? [value] : []).sort();
  const rowsOf = (some: readonly Counted[]): number => some.reduce((sum, it) => sum + it.rows, 0);
  return {
    axis: {
      name,
      label,
      kind: areNumbers ? "numbers" : "texts",
      log: areNumbers && isGeometric(sorted.map(numberOf)),
      parts: sorted.map((value) => ({
        label: shortLabel(value),
        where: isLong(value) ? rangeCondition(name, value, texts) : conditionOf(name, value),
        ...areNumbers && { number: numberOf(value) },
      })),
      left_out: { values: values.length - shown.length, rows: rowsOf(values) - rowsOf(shown) },
    },
    partOf: (value) => places.get(value === undefined ? value : keyOf(value)) ?? -1,
  };
}

/**
 * Returns a condition that only one of some sorted texts fulfils: it is between beginnings of this text and of
 * the next one. A condition with the text would be as long, in each figure.
 */
function rangeCondition(name: string, text: string, texts: readonly string[]): string {
  const at = texts.indexOf(text);
  const bounds = [[">=", at], ["<", at + 1]] as const;
  const parts = bounds.flatMap(([sign, i]) => {
    if (i === 0 || i === texts.length) return [];
    const bound = beginning(texts[i]!, texts[i - 1]!).replaceAll("'", "''");
    return [`${quotedName(name)} ${sign} '${bound}'`];
  });
  return parts.length === 0 ? conditionOf(name, text) : allOf(parts);
}

/** Returns the shortest beginning of a text that is more than the text before, without half of a character. */
function beginning(text: string, before: string): string {
  let length = 0;
  while (text[length] === before[length]) length++;
  const isHalf = /[\uD800-\uDBFF]/.test(text[length]!);
  return text.slice(0, length + (isHalf ? 2 : 1));
}

/** True if numbers in their order have like ratios, and less like differences. */
export function isGeometric(numbers: readonly number[]): boolean {
  const [least = 0, most = 0] = [numbers[0], numbers.at(-1)];
  if (numbers.length < 2 || least <= 0 || most / least < 4) return false;
  if (numbers.length === 2) return most / least >= 100;
  return spreadOf(numbers.map(Math.log)) < spreadOf(numbers);
}

/** The ratio of the widest gap to the narrowest. */
function spreadOf(numbers: readonly number[]): number {
  const gaps = numbers.slice(1).map((number, i) => number - numbers[i]!);
  return Math.max(...gaps) / Math.min(...gaps);
}

function isFiniteNumber(value: Value | undefined): boolean {
  return (typeof value === "number" || typeof value === "bigint") && Number.isFinite(Number(value));
}

/** Returns an axis of ranges, each with its lower end and without its upper one, but for the last. */
function rangesAxis(name: string, label: string, values: readonly Counted[]): PlacedAxis {
  let low = values[0]!.value;
  let high = low;
  for (const { value } of values) {
    if (compareValues(value, low) < 0) low = value;
    if (compareValues(value, high) > 0) high = value;
  }
  const isWide = numberOf(low) > 0 && numberOf(high) / numberOf(low) >= MIN_GEOMETRIC_RATIO;
  const edges = edgesBetween(low!, high!, isWide) ?? edgesAmong(values);
  const quoted = quotedName(name);
  return {
    axis: {
      name,
      label,
      kind: "ranges",
      log: isWide,
      parts: Array.from({ length: RANGES }, (_, i) => ({
        label: `${edges[i]} … ${edges[i + 1]}`,
        number: numberOf(edges[i]),
        where: `${quoted} >= ${edges[i]} and ${quoted} ${i === RANGES - 1 ? "<=" : "<"} ${
          edges[i + 1]
        }`,
      })),
      left_out: { values: 0, rows: 0 },
    },
    partOf(value) {
      if (!isFiniteNumber(value)) return -1;
      if (compareValues(value, low) < 0 || compareValues(value, high) > 0) return -1;
      let [from, to] = [0, RANGES - 1];
      while (from < to) {
        const middle = (from + to + 1) >> 1;
        if (compareValues(value, edges[middle]) >= 0) from = middle;
        else to = middle - 1;
      }
      return from;
    },
  };
}

/** Returns the ends of ranges of equal steps or ratios; undefined where doubles cannot divide them so. */
function edgesBetween(first: Value, last: Value, isWide: boolean): readonly Value[] | undefined {
  const [low, high] = [numberOf(first), numberOf(last)];
  const step = (high - low) / RANGES;
  const edges = Array.from({ length: RANGES + 1 }, (_, i): Value => {
    if (i === 0) return first;
    if (i === RANGES) return last;
    return asRead(
      isWide
        ? Number((low * (high / low) ** (i / RANGES)).toPrecision(5))
        : roundTo(low + step * i, step),
    );
  });
  const isRising = edges.every((edge, i) => i === 0 || compareValues(edges[i - 1], edge) < 0);
  return isRising ? edges : undefined;
}

/** Returns the ends of ranges with nearly as many values in each. */
function edgesAmong(values: readonly Counted[]): readonly Value[] {
  const sorted = values.map(({ value }) => value!).sort(compareValues);
  return Array.from(
    { length: RANGES + 1 },
    (_, i) => sorted[Math.round(i * (sorted.length - 1) / RANGES)]!,
  );
}

/** Returns the value that a condition has where a number is spelled in it: large integers are bigints. */
function asRead(number: number): number | bigint {
  const isLarge = Math.abs(number) > Number.MAX_SAFE_INTEGER && Math.abs(number) < 1e21;
  return isLarge ? BigInt(`${number}`) : number;
}

/** True for dates and times, which are in their order as texts. */
function isDate(value: Value | undefined): boolean {
  return typeof value === "string" && /^\d{4}-\d\d(?:-\d\d(?:[T ][\d:.]+Z?)?)?$/.test(value);
}

/** Returns an axis of ranges of dates, with nearly as many in each, and of rows without one. */
function datesAxis(name: string, label: string, values: readonly Counted[]): PlacedAxis {
  const dates = values.flatMap(({ value }) => typeof value === "string" ? [value] : []).sort();
  const first = Array.from({ length: RANGES }, (_, i) => Math.round(i * dates.length / RANGES));
  const quoted = quotedName(name);
  const places = new Map<Value | undefined, number>();
  const parts = first.map((from, i) => {
    const own = dates.slice(from, first[i + 1]);
    for (const date of own) places.set(date, i);
    const [low, high] = [own[0]!, own.at(-1)!];
    return {
      label: low === high ? low : `${low} … ${high}`,
      where: low === high
        ? conditionOf(name, low)
        : `${quoted} >= '${low}' and ${quoted} <= '${high}'`,
    };
  });
  if (dates.length < values.length) {
    places.set(undefined, parts.push({ label: ABSENT, where: conditionOf(name, undefined) }) - 1);
  }
  return {
    axis: { name, label, kind: "texts", log: false, parts, left_out: { values: 0, rows: 0 } },
    partOf: (value) => places.get(value) ?? -1,
  };
}

/** Rounds a number to about a thousandth of a step, without the noise of doubles. */
function roundTo(number: number, step: number): number {
  const digits = 3 - Math.floor(Math.log10(step));
  const unit = 10 ** Math.abs(digits);
  const rounded = digits > 0 ? Math.round(number * unit) / unit : Math.round(number / unit) * unit;
  return Number(rounded.toPrecision(15));
}
